import { OutcomeValue, type Value } from '../../vm/values/value.ts'
import type { OutcomeKind, RunOutcome } from '../ports/runs.ts'

/** The three vocabularies for the end of a run (design 3.6): LoopOutcome variant and the HTTP API's word. */
const NAMES: Readonly<
  Record<OutcomeKind, { readonly variant: OutcomeValue['variant']; readonly http: LastOutcome }>
> = {
  completed: { variant: 'Completed', http: 'completed' },
  max_iterations: { variant: 'MaxIterations', http: 'iteration_limit' },
  aborted: { variant: 'Aborted', http: 'aborted' },
  budget_exhausted: { variant: 'BudgetExhausted', http: 'cost_limit' },
  // A program that matches on the four variants must not fall through when its run crashed.
  error: { variant: 'Aborted', http: 'error' },
}

/** `last_outcome` of the status route (chapter 28.3), and `not_started`. */
export type LastOutcome =
  | 'running'
  | 'not_started'
  | 'completed'
  | 'aborted'
  | 'cost_limit'
  | 'iteration_limit'
  | 'error'

export const lastOutcome = (kind: OutcomeKind): LastOutcome => NAMES[kind].http

/** `All 5 tasks verified successfully.` (chapter 25.10); without a plan `All tasks verified` (chapter 28.10). */
export const completedMessage = (tasks: number, planned: boolean): string =>
  planned ? `All ${tasks} tasks verified successfully.` : 'All tasks verified'

export const iterationLimitMessage = (limit: number): string => `Reached max iterations (${limit})`

/** The value of `.run()` in the language: matchable, with the properties of chapter 25.5. */
export const outcomeValue = (outcome: RunOutcome): OutcomeValue =>
  new OutcomeValue(
    NAMES[outcome.outcome].variant,
    new Map<string, Value>([
      ['outcome', outcome.outcome],
      ['iterations', outcome.iterations],
      ['total_cost', outcome.totalCost],
      ['message', outcome.message],
      ['total_tokens', outcome.totalTokens],
      ['tasks_completed', outcome.tasksCompleted],
      ['tasks_total', outcome.tasksTotal],
    ]),
  )
