import type { Literal } from './module.ts'

/**
 * What a compiled program declares, as data: everything a server must know without running any code.
 * Defaults of the chapters are already filled in; `null` means "not declared".
 */
export interface Manifest {
  /** File name of the program as given to the compiler, e.g. `agents.neam`. */
  readonly program: string
  /** sha256 (hex) over the program's source files. */
  readonly sourceHash: string
  readonly agents: readonly AgentDecl[]
  readonly skills: readonly SkillDecl[]
  readonly guards: readonly GuardDecl[]
  readonly guardchains: readonly GuardChainDecl[]
  readonly channels: readonly ChannelDecl[]
  readonly budgets: readonly BudgetDecl[]
  readonly policies: readonly PolicyDecl[]
  /** Names of declared structs, for `--verbose` counts. */
  readonly structs: readonly string[]
}

export type AgentDecl = StatelessDecl | ClawDecl | ForgeDecl

interface AgentBase {
  readonly name: string
  readonly provider: string
  readonly model: string
  readonly system: string
  /** 0.0 .. 2.0, default 0.7; 0 is sent explicitly. */
  readonly temperature: number
  readonly skills: readonly string[]
  /** Names of guard chains. */
  readonly guards: readonly string[]
  readonly budget: string | null
  readonly policy: string | null
  /** Environment variable that holds the API key. */
  readonly apiKeyEnv: string | null
  /** Base URL of the provider's API. */
  readonly endpoint: string | null
  /** Tokens that the model reads and writes in one call; null = what is known of the model. */
  readonly contextWindow: number | null
  /** Traits implemented for this agent. */
  readonly traits: readonly string[]
}

export interface StatelessDecl extends AgentBase {
  readonly kind: 'agent'
}

export interface ClawDecl extends AgentBase {
  readonly kind: 'claw'
  readonly channels: readonly string[]
  /** Default `./.neam/workspace`. */
  readonly workspace: string
  readonly session: SessionDecl
  readonly lanes: readonly LaneDecl[]
  readonly semanticMemory: SemanticMemoryDecl | null
}

export interface SessionDecl {
  /** 0 = never. */
  readonly idleResetMinutes: number
  readonly dailyResetHour: number
  /** IANA zone of the daily boundary, default UTC. */
  readonly timezone: string
  /** Turns: a user message and everything up to the next one. */
  readonly maxHistoryTurns: number
  readonly compaction: 'auto' | 'manual' | 'disabled'
}

export interface LaneDecl {
  readonly name: string
  readonly concurrency: number
  readonly priority: 'low' | 'normal' | 'high'
}

export interface SemanticMemoryDecl {
  readonly backend: string
  readonly embeddingModel: string | null
  readonly search: 'keyword' | 'vector' | 'hybrid' | 'none'
  readonly topK: number
  readonly flushOnCompact: boolean
}

export interface ForgeDecl extends AgentBase {
  readonly kind: 'forge'
  /** Index into `module.functions` of the verify callback (one parameter). */
  readonly verify: number
  /** Default `.`. */
  readonly workspace: string
  readonly checkpoint: 'git' | 'snapshot' | 'none'
  readonly loop: LoopDecl
}

export interface LoopDecl {
  readonly maxIterations: number
  /** USD. */
  readonly maxCost: number
  readonly maxTokens: number
  readonly promptFile: string | null
  readonly planFile: string | null
  readonly progressFile: string | null
  readonly learningsFile: string | null
  /** Abort after this many identical failures; null = only nudge (design 9.8). */
  readonly stuckAbort: number | null
}

/** A parameter's JSON schema, in the order declared. */
export interface ParamDecl {
  readonly name: string
  /** JSON-schema type word, null = any. */
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | null
  readonly enum?: readonly string[]
  readonly description?: string
  /** What the skill gets when the argument is left out; absent = the model has to give one. */
  readonly default?: Literal
}

export interface SkillDecl {
  readonly name: string
  readonly description: string
  readonly params: readonly ParamDecl[]
  /** Index into `module.functions`; its parameters are matched to `params` by name. */
  readonly impl: number
  /** Needs approval before each call. */
  readonly sensitive: boolean
  /** May be repeated after a crash. */
  readonly idempotent: boolean
  /** What it gives is text of strangers: web pages, mail, files that others wrote. */
  readonly untrusted: boolean
  /** `external`: what it does reaches others or outlives the turn. Null = nothing of the kind is known. */
  readonly effects: 'external' | null
}

export type GuardPhase = 'input' | 'tool_input' | 'tool_output' | 'output'

export interface GuardDecl {
  readonly name: string
  readonly description: string
  /** Function by phase (design 9.4 maps the event names to phases). */
  readonly handlers: readonly {
    readonly phase: GuardPhase
    readonly event: string
    readonly function: number
  }[]
}

export interface GuardChainDecl {
  readonly name: string
  readonly guards: readonly string[]
}

export interface ChannelDecl {
  readonly name: string
  readonly type: 'cli' | 'http'
  readonly prompt: string
  readonly greeting: string
  readonly port: number
  readonly path: string
  readonly cors: boolean
  readonly policy: 'dm' | 'group'
}

export interface BudgetDecl {
  readonly name: string
  readonly apiCalls: number | null
  readonly tokens: number | null
  readonly costUsd: number | null
  readonly reset: 'hourly' | 'daily' | 'weekly' | 'monthly' | 'never'
}

export interface PolicyDecl {
  readonly name: string
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly confirm: readonly string[]
  readonly defaultDeny: boolean
  /** What becomes of skills with external effects once text of strangers is in the turn. */
  readonly tainted: 'confirm' | 'deny' | 'allow'
  /** Hosts that answers may link to and show images of: `acme.com`, `*.acme.com`, `*`. Null = not declared. */
  readonly links: readonly string[] | null
}
