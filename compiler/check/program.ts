/** What the checks hand to the emitter: a tree of which everything that can be known has been checked. */
import type {
  BudgetDecl,
  ChannelDecl,
  ClawDecl,
  ForgeDecl,
  GuardChainDecl,
  GuardPhase,
  ParamDecl,
  PolicyDecl,
  SkillDecl,
  StatelessDecl,
} from '../../bytecode/manifest.ts'
import type { Block, Expr, FunDecl, Item, Name, SealedDecl, StructDecl } from '../syntax/ast.ts'

export interface CheckedProgram {
  /** File names by index, the program first. */
  readonly files: readonly string[]
  readonly sourceHash: string
  /** All items of all files in the order in which they run: an import's items stand before its importer's. */
  readonly items: readonly Item[]
  readonly structs: readonly StructDecl[]
  /** Declared ones, and the built-in VerifyResult and LoopOutcome (predeclared, their spans are of length 0). */
  readonly sealed: readonly SealedDecl[]
  /** Trait defaults are already copied into `methods`. */
  readonly impls: readonly CheckedImpl[]
  /** `verify` is filled by the emitter, from `verifyOf`. */
  readonly agents: readonly (StatelessDecl | ClawDecl | Omit<ForgeDecl, 'verify'>)[]
  /** Of each forge agent: the name of a declared function, or an inline function. */
  readonly verifyOf: ReadonlyMap<string, Expr & { kind: 'name' | 'lambda' }>
  /** Declared skills, and the built-in ones that the program names without declaring them. */
  readonly skills: readonly CheckedSkill[]
  readonly guards: readonly CheckedGuard[]
  readonly guardchains: readonly GuardChainDecl[]
  readonly channels: readonly ChannelDecl[]
  readonly budgets: readonly BudgetDecl[]
  readonly policies: readonly PolicyDecl[]
}

export interface CheckedImpl {
  readonly target: string
  readonly traits: readonly string[]
  readonly methods: readonly FunDecl[]
}

export interface CheckedSkill {
  readonly name: string
  readonly description: string
  readonly params: readonly ParamDecl[]
  readonly sensitive: boolean
  readonly idempotent: boolean
  readonly untrusted: boolean
  readonly effects: SkillDecl['effects']
  readonly impl:
    | { readonly kind: 'declared'; readonly params: readonly Name[]; readonly body: Block }
    /** A built-in skill: the native that does it, called with the params in order. */
    | { readonly kind: 'native'; readonly native: string }
}

export interface CheckedGuard {
  readonly name: string
  readonly description: string
  readonly handlers: readonly {
    readonly phase: GuardPhase
    readonly event: string
    readonly params: readonly Name[]
    readonly body: Block
  }[]
}
