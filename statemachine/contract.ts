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
}

/** Input of the step function. */
export type ForgeStepEvent =
  | { readonly step: 'iterate'; readonly state: ForgeRunState }
  /** `error` is what the Catch of the state machine saw. */
  | {
      readonly step: 'fail'
      readonly state: ForgeRunState
      readonly error: { readonly Error?: string; readonly Cause?: string }
    }

/** Output of one iteration: the choice reads `next`; `report` is for the person in the console. */
export interface ForgeStepResult {
  readonly next: 'iterate' | 'end'
  readonly state: ForgeRunState
  readonly report: {
    readonly iteration: number
    readonly task: string
    readonly verdict: string
    readonly cost_usd: number
    readonly outcome: string
  }
}

/** Placeholders in the ASL file; the stack and the local driver fill the same ones. */
export const ASL_PLACEHOLDERS = ['ForgeStepFunctionArn'] as const
export type AslPlaceholder = (typeof ASL_PLACEHOLDERS)[number]
