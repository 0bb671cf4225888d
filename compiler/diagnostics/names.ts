import type { Name } from '../syntax/ast.ts'
import type { Code } from './codes.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { didYouMean } from './wording.ts'
import { neamFor } from './words.ts'

/** What a name was looked up as, what is declared of that kind, and what to do if nothing is near. */
interface Missing {
  readonly code: Code
  readonly noun: string
  readonly label: string
  readonly otherwise: (name: string) => string
}

const missing =
  ({ code, noun, label, otherwise }: Missing) =>
  (name: Name, known: Iterable<string>): Diagnostic =>
    diagnostic(code, name.span, `unknown ${noun} \`${name.text}\``, {
      label,
      help: didYouMean(name.text, known, otherwise(name.text)),
    })

export const unknownSkill = missing({
  code: 'E5001',
  noun: 'skill',
  label: 'neither declared nor built in',
  otherwise: (name) => `declare it: \`skill ${name} { description: "..." params: { } impl() { } }\``,
})

const unknownChain = missing({
  code: 'E5002',
  noun: 'guard chain',
  label: 'not declared',
  otherwise: (name) => `declare it: \`guardchain ${name} = [some_guard];\``,
})

/** `isGuard`: a guard of that name exists, but guards are attached by chains. */
export function unknownGuardChain(name: Name, known: Iterable<string>, isGuard: boolean): Diagnostic {
  const plain = unknownChain(name, known)
  return isGuard
    ? {
        ...plain,
        label: ['this is a guard, not a guard chain'],
        help: `put it in a chain: \`guardchain ${name.text}_chain = [${name.text}];\``,
      }
    : plain
}

export const unknownGuard = missing({
  code: 'E5003',
  noun: 'guard',
  label: 'not declared',
  otherwise: (name) =>
    `declare it: \`guard ${name} { description: "..." on_observation(text) { return text; } }\``,
})

export const unknownChannel = missing({
  code: 'E5004',
  noun: 'channel',
  label: 'not declared',
  otherwise: (name) => `declare it: \`channel ${name} { type: "cli" }\``,
})

export const unknownBudget = missing({
  code: 'E5005',
  noun: 'budget',
  label: 'not declared',
  otherwise: (name) => `declare it: \`budget ${name} { api_calls: 100 reset: "daily" }\``,
})

export const unknownPolicy = missing({
  code: 'E5006',
  noun: 'policy',
  label: 'not declared',
  otherwise: (name) => `declare it: \`policy ${name} { allow: [some_skill] default_deny: true }\``,
})

export const unknownVerify = missing({
  code: 'E5007',
  noun: 'verify function',
  label: 'no function of this name',
  otherwise: (name) => `declare it: \`fun ${name}(ctx) { return VerifyResult.Done("..."); }\``,
})

export const unknownSpawnedAgent = missing({
  code: 'E5008',
  noun: 'agent',
  label: 'not declared',
  otherwise: (name) => `declare the agent, or look it up when it runs: \`spawn("${name}", task)\``,
})

export const unknownImplTarget = missing({
  code: 'E5009',
  noun: 'type or agent',
  label: 'not declared',
  otherwise: () => 'an impl belongs to an agent, a struct or a sealed type of this program',
})

const unknownWord = missing({
  code: 'E5010',
  noun: 'name',
  label: 'not declared',
  otherwise: (name) =>
    /^[A-Z]/.test(name)
      ? 'declare the agent or type of that name, or `import` the file that does'
      : `declare it before it is used, e.g. \`let ${name} = ...;\``,
})

export function unknownName(name: Name, known: Iterable<string>): Diagnostic {
  const plain = unknownWord(name, known)
  return { ...plain, help: neamFor(name.text) ?? plain.help }
}

export const unknownTrait = missing({
  code: 'E5011',
  noun: 'trait',
  label: 'neither declared nor built in',
  otherwise: (name) => `declare it: \`trait ${name} { fn method(self); }\``,
})
