import type { Name, Span } from '../syntax/ast.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { all, count, didYouMean, either } from './wording.ts'

// The chapters' own texts: 24.8 and 25.9.

export function verifyOnClaw(span: Span): Diagnostic {
  return diagnostic('E4001', span, '"verify" is not valid on claw agents.', {
    label: 'Use "forge agent" for verification loops.',
  })
}

export function checkpointOnClaw(span: Span): Diagnostic {
  return diagnostic('E4002', span, '"checkpoint" is not valid on claw agents.', {
    label: 'Use "forge agent" for git checkpoints.',
  })
}

export function loopOnClaw(span: Span): Diagnostic {
  return diagnostic('E4003', span, '"loop" is not valid on claw agents.', {
    label: 'Use "forge agent" for iterative build loops.',
  })
}

export function sessionOnForge(span: Span): Diagnostic {
  return diagnostic('E0451', span, "forge agent cannot use 'session'", {
    label: ['forge agents have no persistent session;', 'use a claw agent for session-based workflows'],
  })
}

export function channelsOnForge(span: Span): Diagnostic {
  return diagnostic('E0451', span, "forge agent cannot use 'channels'", {
    label: ['multi-channel I/O is a claw agent feature;', 'forge agents use workspace files for I/O'],
  })
}

export function lanesOnForge(span: Span): Diagnostic {
  return diagnostic('E0451', span, "forge agent cannot use 'lanes'", {
    label: [
      'parallel conversation lanes require session state;',
      'forge agents are single-task-per-iteration',
    ],
  })
}

// Fields. `owner` says whose field it is: `claw agent`, `channel`, `session`.

export function unknownField(name: Name, owner: string, known: readonly string[]): Diagnostic {
  return diagnostic('E4010', name.span, `unknown field "${name.text}" in ${owner}`, {
    label: 'no such field',
    help: didYouMean(name.text, known, `the fields of ${owner} are ${all([...known].sort())}`),
  })
}

export function duplicateField(name: Name, owner: string, firstLine: number): Diagnostic {
  return diagnostic('E4011', name.span, `"${name.text}" is given twice in ${owner}`, {
    label: 'given again here',
    notes: [`first given on line ${firstLine}`],
  })
}

/** `span`: the name of what lacks the field. `example`: the field as it would be written. */
export function missingField(span: Span, field: string, owner: string, example: string): Diagnostic {
  return diagnostic('E4012', span, `${owner} is missing the required field "${field}"`, {
    label: `needs "${field}"`,
    help: `add \`${example}\``,
  })
}

export function wrongFieldType(
  span: Span,
  field: string,
  wanted: string,
  { found, help = null }: { readonly found: string; readonly help?: string | null },
): Diagnostic {
  return diagnostic('E4013', span, `"${field}" must be ${wanted}`, { label: `found ${found}`, help })
}

export function notAccepted(
  span: Span,
  field: string,
  found: string,
  wanted: string,
  candidates: readonly string[] = [],
): Diagnostic {
  return diagnostic('E4014', span, `"${field}" cannot be ${found}`, {
    label: `must be ${wanted}`,
    help: didYouMean(found.replaceAll('"', ''), candidates),
  })
}

/** `host`: what was probably meant, null = it cannot be told. */
export function noHost(span: Span, field: string, found: string, host: string | null): Diagnostic {
  return diagnostic('E4014', span, `"${field}" cannot hold ${JSON.stringify(found)}`, {
    label: 'must be a host name such as "acme.com" or "*.acme.com"',
    ...(host === null ? {} : { help: `write the host alone: ${JSON.stringify(host)}` }),
  })
}

export function emptyList(span: Span, field: string, owner: string, noun: string): Diagnostic {
  return diagnostic('E4015', span, `"${field}" of ${owner} may not be empty`, {
    label: `must name at least one ${noun}`,
  })
}

/** `kinds`: the kinds of agent that have the field, e.g. `claw agent`. */
export function fieldOfAnotherKind(name: Name, owner: string, kinds: readonly string[]): Diagnostic {
  return diagnostic('E4016', name.span, `${owner} cannot use "${name.text}"`, {
    label: `only ${either(kinds)} declarations have it`,
  })
}

export function ignoredField(name: Name, owner: string): Diagnostic {
  return diagnostic('W4101', name.span, `"${name.text}" has no effect in ${owner}`, {
    label: 'this field is ignored',
  })
}

export function deprecatedField(name: Name, help: string): Diagnostic {
  return diagnostic('W4102', name.span, `"${name.text}" is deprecated and ignored`, {
    label: 'deprecated field',
    help,
  })
}

export function unknownProvider(span: Span, provider: string, known: readonly string[]): Diagnostic {
  return diagnostic('W4103', span, `unknown provider ${JSON.stringify(provider)}`, {
    label: 'asking this agent will fail',
    help: didYouMean(provider, known, `the providers are ${all(known.map((name) => `"${name}"`))}`),
  })
}

export function handoffs(span: Span): Diagnostic {
  return diagnostic('E4025', span, '"handoffs" is not supported', {
    label: 'agents hand work over in code',
    help: 'let a skill call the other agent: `Builder.run()` of a forge agent, `spawn name(task)` of any',
  })
}

// Declarations.

export function duplicateDeclaration(name: Name, noun: string, firstPlace: string): Diagnostic {
  return diagnostic('E4017', name.span, `\`${name.text}\` is declared twice`, {
    label: `this ${noun} has a name that is taken`,
    notes: [`first declared at ${firstPlace}`],
  })
}

export function duplicateName(name: Name, where: string): Diagnostic {
  return diagnostic('E4022', name.span, `\`${name.text}\` stands twice in ${where}`, {
    label: 'listed again here',
  })
}

/** Only `fun` may stand inside a block. */
export function misplacedDeclaration(span: Span, noun: string): Diagnostic {
  return diagnostic('E4024', span, `${noun} cannot be declared inside a block`, {
    label: 'move it to the top level of the file',
  })
}

export function builtinTypeChanged(name: Name, definition: string): Diagnostic {
  return diagnostic('E4027', name.span, `the built-in type \`${name.text}\` is declared differently`, {
    label: 'not its definition',
    help: `leave the declaration out, or write it as \`${definition}\``,
  })
}

export function traitNotAllowed(trait: Name, owner: string, kinds: readonly string[]): Diagnostic {
  return diagnostic('E4018', trait.span, `${owner} cannot implement ${trait.text}`, {
    label: `only for ${either(kinds)} declarations`,
  })
}

export function traitWithoutEffect(trait: Name, owner: string): Diagnostic {
  return diagnostic('W4104', trait.span, `${trait.text} has no effect on ${owner}`, {
    label: 'its methods are never called',
  })
}

// Skills, guards, channels.

export function unknownImplParameter(name: Name, skill: string, params: readonly string[]): Diagnostic {
  const list = params.length === 0 ? 'none' : all(params.map((param) => `\`${param}\``))
  return diagnostic('E4019', name.span, `\`${name.text}\` is not among the params of skill \`${skill}\``, {
    label: 'the model would never fill it',
    help: didYouMean(name.text, params, `declare it in params; declared there: ${list}`),
  })
}

export function unknownParamType(type: Name, known: readonly string[]): Diagnostic {
  return diagnostic('E4023', type.span, `unknown parameter type \`${type.text}\``, {
    label: 'no such type',
    help: didYouMean(type.text, known, `the types are ${all(known)}`),
  })
}

export function unknownGuardEvent(event: Name, known: readonly string[]): Diagnostic {
  return diagnostic('E4020', event.span, `unknown guard event \`${event.text}\``, {
    label: 'this handler would never be called',
    help: didYouMean(event.text, known, `the events are ${all(known)}`),
  })
}

export function handlerParameters(event: Name, found: number): Diagnostic {
  return diagnostic('E4026', event.span, `\`${event.text}\` must take one parameter, the text`, {
    label: `takes ${count(found, 'parameter')}`,
  })
}

export function channelClash(name: Name, other: string, port: number, path: string): Diagnostic {
  return diagnostic(
    'E4021',
    name.span,
    `channels \`${other}\` and \`${name.text}\` share port ${port} and path ${path}`,
    {
      label: 'this channel could never be reached',
      help: 'give one of them another `path` or `port`',
    },
  )
}

export function defaultNotConstant(span: Span): Diagnostic {
  return diagnostic('E4028', span, 'a default must be a literal: a number, a string, true, false or nil', {
    label: 'not a literal',
    help: 'use nil, and set the value in the code where it is nil',
  })
}
