import type {
  AgentNode,
  Block,
  BudgetNode,
  ChannelNode,
  FunDecl,
  GuardChainNode,
  GuardNode,
  ImplDecl,
  Item,
  Lambda,
  LetStatement,
  PolicyNode,
  ProgramNode,
  SealedDecl,
  SkillNode,
  StructDecl,
  TraitDecl,
} from '../syntax/ast.ts'

/** What stands at the top level of a program's files, by kind, each in the order of the files. */
export interface Declarations {
  /** Everything but imports, in the order in which it runs. */
  readonly items: readonly Item[]
  readonly functions: readonly FunDecl[]
  readonly structs: readonly StructDecl[]
  readonly sealed: readonly SealedDecl[]
  readonly traits: readonly TraitDecl[]
  readonly impls: readonly ImplDecl[]
  readonly agents: readonly AgentNode[]
  readonly skills: readonly SkillNode[]
  readonly guards: readonly GuardNode[]
  readonly guardchains: readonly GuardChainNode[]
  readonly channels: readonly ChannelNode[]
  readonly budgets: readonly BudgetNode[]
  readonly policies: readonly PolicyNode[]
  /** `let` and `const` at the top level. */
  readonly variables: readonly LetStatement[]
  /** Blocks of code at any depth, in no promised order. */
  readonly blocks: readonly Block[]
  /** Functions, methods and lambdas at any depth, in no promised order. */
  readonly callables: readonly (FunDecl | Lambda)[]
}

export function collect(programs: readonly ProgramNode[]): Declarations {
  const items: readonly Item[] = programs
    .flatMap((program) => program.items)
    .filter((item) => item.kind !== 'import')
  const all = <Kind extends Item['kind']>(kind: Kind) =>
    items.filter((item): item is Item & { kind: Kind } => item.kind === kind)
  return {
    items,
    functions: all('fun'),
    structs: all('struct'),
    sealed: all('sealed'),
    traits: all('trait'),
    impls: all('impl'),
    agents: all('agent'),
    skills: all('skill'),
    guards: all('guard'),
    guardchains: all('guardchain'),
    channels: all('channel'),
    budgets: all('budget'),
    policies: all('policy'),
    variables: all('let'),
    blocks: programs.flatMap((program) => program.blocks),
    callables: programs.flatMap((program) => program.callables),
  }
}
