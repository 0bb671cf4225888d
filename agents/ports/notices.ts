import type { OutcomeKind } from './runs.ts'

/** What is told when a forge run has ended; the run's outcome stands by then. */
export interface RunEndedNotice {
  readonly agent: string
  readonly run: string
  readonly outcome: OutcomeKind
  readonly message: string
  readonly iterations: number
  /** USD. */
  readonly totalCost: number
  readonly totalTokens: number
  readonly tasksCompleted: number
  readonly tasksTotal: number
  /** ISO 8601. */
  readonly finishedAt: string
}

/** Tells somebody outside. What cannot be delivered is warned about and never fails the run. */
export interface Notices {
  runEnded(notice: RunEndedNotice): Promise<void>
}
