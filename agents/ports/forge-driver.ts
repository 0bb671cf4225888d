import type { RunRef } from './runs.ts'

export type DriverState = 'running' | 'ended' | 'unknown'

/** A run and where it stands: long runs are driven by several executions, one after the other. */
export interface RunPlace extends RunRef {
  /** The iteration in hand or last finished; 0 before the first. */
  readonly iteration: number
}

/** Who calls `iterate` again and again: Step Functions, the interpreter on the same ASL file, or a loop in process. */
export interface ForgeDriver {
  readonly kind: 'inline' | 'asl' | 'states'
  /**
   * Starts driving a run that `RunStore.start` accepted, as part of the trace of `traceparent` (null or left out = none). Starting the
   * same run again is harmless.
   */
  start(run: RunRef & { readonly epoch: number }, traceparent?: string | null): Promise<void>
  /** Whether the driver still works on the run; a run whose driver ended without an outcome is reconciled. */
  describe(run: RunPlace): Promise<DriverState>
  /** Goes on with a run that waits under a task token. An execution that does not wait any more is left alone. */
  wake(token: string): Promise<void>
}
