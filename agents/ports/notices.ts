import type { Fault } from './fault.ts'
import type { RunRef } from './runs.ts'

/** What is told when a forge run has ended; the run's outcome stands by then. These names are the published ones. */
export interface RunEndedNotice {
  readonly agent: string
  readonly run: string
  /** As the status route says it. */
  readonly last_outcome: string
  readonly message: string
  readonly iterations: number
  /** USD. */
  readonly total_cost: number
  readonly total_tokens: number
  readonly tasks_completed: number
  readonly tasks_total: number
  /** ISO 8601. */
  readonly finished_at: string
}

/** Somebody outside who is told. */
export interface NoticeTarget {
  /** Its notices in the outbox go by this name. */
  readonly name: 'webhook' | 'eventbridge'
  /** Delivers a notice; answers what went wrong, null when it was delivered. */
  runEnded(notice: RunEndedNotice): Promise<string | null>
}

/** Whoever outside is to be told of a run's end once the run has one, or what of ours is to note it. */
export interface OwedNotice extends RunRef {
  readonly target: NoticeTarget['name'] | 'audit' | 'behaviour'
}

/** What the end of a run still owes: what a process that dies leaves to the next one. */
export interface NoticeOutbox {
  /** Harmless when it is there already. */
  add(owed: OwedNotice): Promise<void>
  remove(owed: OwedNotice): Promise<void>
  /** In no certain order. Files that cannot be read (`record_damaged`) hold up none of the others. */
  list(): Promise<{ readonly owed: readonly OwedNotice[]; readonly damaged: readonly Fault[] }>
}
