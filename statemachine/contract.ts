/**
 * What flows between the states of `forge-run.asl.json`: ids only, a few hundred bytes. Every result is read from
 * the tree by the step that needs it.
 */

export interface ForgeRunState {
  readonly agent: string
  readonly run: string
  readonly epoch: number
  /** The iteration to do next, 1-based. */
  readonly iteration: number
  /** W3C trace context of the request that started the run; left out where nothing is traced. */
  readonly traceparent?: string
}

/** What the first execution of a run begins with. */
export const firstState = (
  { agent, run, epoch }: Pick<ForgeRunState, 'agent' | 'run' | 'epoch'>,
  traceparent: string | null = null,
): ForgeRunState => ({ agent, run, epoch, iteration: 1, ...(traceparent === null ? {} : { traceparent }) })

/**
 * Iterations that one execution does before it hands over to its successor. An iteration takes 7 events of the history,
 * 3 more for each retry, and 13 for each call that waits for a person: of 25,000 events, 21,500 are left for these, which is
 * 1,650 calls. A run that needs more ends as interrupted, and started again it keeps its verified tasks.
 */
export const ITERATIONS_PER_EXECUTION = 500

/** Which execution of its run, 1-based, does an iteration. */
export const executionOf = (iteration: number): number =>
  Math.floor((iteration - 1) / ITERATIONS_PER_EXECUTION) + 1

/** Names of a run's executions: `<run>`, then `<run>-2`, `<run>-3`. */
export const executionName = (run: string, execution: number): string =>
  execution === 1 ? run : `${run}-${execution}`

/** Input of the step function. */
export type ForgeStepEvent =
  | { readonly step: 'iterate'; readonly state: ForgeRunState }
  /** `error` is what the Catch of the state machine saw. */
  | {
      readonly step: 'fail'
      readonly state: ForgeRunState
      readonly error: { readonly Error?: string; readonly Cause?: string }
    }

export interface ForgeWait {
  /** Trace id. */
  readonly confirmation: string
  /** Then it counts as denied. */
  readonly seconds: number
}

/** The same function, called while the execution waits for a person: keeps the token by which it is woken. */
export interface ForgeWaitEvent {
  readonly step: 'wait'
  readonly state: ForgeRunState
  readonly wait: ForgeWait
  readonly token: string
}

/** Output of one iteration: the choice reads `next`; `report` is for the person in the console. */
export interface ForgeStepResult {
  readonly next: 'iterate' | 'wait' | 'hand_over' | 'end'
  readonly state: ForgeRunState
  /** Name of the execution that goes on after `hand_over`, else null. */
  readonly successor: string | null
  /** What `wait` waits for, else null. */
  readonly wait: ForgeWait | null
  readonly report: {
    readonly iteration: number
    readonly task: string
    readonly verdict: string
    readonly cost_usd: number
    readonly outcome: string
  }
}

/** Placeholders in the ASL file; the stack and the local driver fill the same ones. */
export const ASL_PLACEHOLDERS = ['ForgeStepFunctionArn', 'Partition'] as const
export type AslPlaceholder = (typeof ASL_PLACEHOLDERS)[number]
