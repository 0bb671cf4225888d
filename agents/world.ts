/** All that agents need from outside, in one value. `runtime/` builds it; nothing here does I/O by itself. */
import type { Program } from '../vm/program.ts'
import type { Audit } from './ports/audit.ts'
import type { BehaviourStore } from './ports/behaviour.ts'
import type { Checkpoints } from './ports/checkpoints.ts'
import type { Commands } from './ports/commands.ts'
import type { ConfirmationStore } from './ports/confirmations.ts'
import type { Embedders } from './ports/embeddings.ts'
import type { FileLeases } from './ports/file-leases.ts'
import type { ForgeDriver } from './ports/forge-driver.ts'
import type { Hash, Ids } from './ports/ids.ts'
import type { BudgetStore, KillSwitch, LaneStore } from './ports/limits.ts'
import type { MemoryIndex, MemoryStore } from './ports/memory.ts'
import type { ModelProviders } from './ports/model.ts'
import type { NoticeOutbox, NoticeTarget } from './ports/notices.ts'
import type { RunStore } from './ports/runs.ts'
import type { SessionStore } from './ports/sessions.ts'
import type { StorageTime } from './ports/storage-time.ts'
import type { Clock, Timers } from './ports/time.ts'
import type { Tokenizers } from './ports/tokens.ts'
import type { Tracing } from './ports/tracing.ts'
import type { TurnWorker } from './ports/turn-worker.ts'
import type { Workspaces } from './ports/workspace.ts'
import type { PriceTable } from './turn/prices.ts'

export interface World {
  readonly program: Program
  readonly clock: Clock
  readonly timers: Timers
  readonly ids: Ids
  readonly hash: Hash
  readonly models: ModelProviders
  readonly tokenizers: Tokenizers
  readonly prices: PriceTable
  readonly sessions: SessionStore
  readonly memories: MemoryStore
  readonly memoryIndex: MemoryIndex
  readonly embedders: Embedders
  readonly runs: RunStore
  readonly budgets: BudgetStore
  readonly killSwitch: KillSwitch
  readonly lanes: LaneStore
  /** Turns of one agent at once over all its lanes (design 9.18); null = as many as its lanes let. */
  readonly agentTurns: number | null
  readonly confirmations: ConfirmationStore
  readonly behaviour: BehaviourStore
  readonly workspaces: Workspaces
  readonly fileLeases: FileLeases
  readonly commands: Commands
  readonly checkpoints: Checkpoints
  readonly audit: Audit
  readonly tracing: Tracing
  /** What calls on the tree took of the process's time. */
  readonly storageTime: StorageTime
  /** Who is told when a forge run has ended. */
  readonly notices: readonly NoticeTarget[]
  /** What they have not been told yet. */
  readonly outbox: NoticeOutbox
  /** How a forge run started through the API is driven. */
  readonly forgeDriver: ForgeDriver
  /** Who goes on with a turn that nobody waits for any more. */
  readonly turnWorker: TurnWorker
  /** Where `emit` lines and warnings of running programs go. */
  readonly output: ProgramOutput
  /** Whether the process is about to run out of memory. */
  isShortOfMemory(): boolean
  /** An environment variable the program may read (`env_get`), or null. */
  env(name: string): string | null
  /** One line of standard input for `input()`, or null at its end. */
  readLine(prompt: string): Promise<string | null>
}

export interface ProgramOutput {
  emit(line: string): void
  print(text: string): void
  /** `cause`: an error or a text that may hold what people, models or programs wrote; a terminal shows it, a log does not. */
  warn(line: string, cause?: unknown): void
}
