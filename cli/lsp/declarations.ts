import type { Item, ProgramNode, Span } from '../../compiler/syntax/ast.ts'

/** Something a program names at its top level. */
export interface Declared {
  readonly name: string
  /** `claw agent`, `skill`, `function`, ... */
  readonly noun: string
  /** Of the name. */
  readonly nameSpan: Span
  /** Of the whole declaration. */
  readonly span: Span
}

const NOUNS = {
  fun: 'function',
  struct: 'struct',
  sealed: 'sealed type',
  trait: 'trait',
  channel: 'channel',
  budget: 'budget',
  policy: 'policy',
  skill: 'skill',
  guard: 'guard',
  guardchain: 'guard chain',
} as const

const AGENT_NOUNS = { agent: 'agent', claw: 'claw agent', forge: 'forge agent' } as const

/** The named declarations and top-level variables of one file, in order. */
export const declarationsOf = (program: ProgramNode): readonly Declared[] => program.items.flatMap(declared)

function declared(item: Item): readonly Declared[] {
  switch (item.kind) {
    case 'agent':
      return [named(AGENT_NOUNS[item.agent], item)]
    case 'let': {
      const { target } = item
      const names = target.kind === 'name' ? [target.name] : target.names
      const noun = item.constant ? 'constant' : 'variable'
      return names.map(({ text, span }) => ({ name: text, noun, nameSpan: span, span: item.span }))
    }
    case 'fun':
    case 'struct':
    case 'sealed':
    case 'trait':
    case 'channel':
    case 'budget':
    case 'policy':
    case 'skill':
    case 'guard':
    case 'guardchain':
      return [named(NOUNS[item.kind], item)]
    default:
      return []
  }
}

const named = (
  noun: string,
  item: { readonly name: { readonly text: string; readonly span: Span }; readonly span: Span },
): Declared => ({ name: item.name.text, noun, nameSpan: item.name.span, span: item.span })
