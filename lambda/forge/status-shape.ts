/** Shapes of what routes tell about forge runs (chapter 28.3). */
import * as v from 'valibot'
import { AMOUNT, COUNT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../answer-parts.ts'

const VERDICT = v.union([
  v.strictObject({ kind: v.literal('done'), message: v.string() }),
  v.strictObject({ kind: v.literal('retry'), feedback: v.string() }),
  v.strictObject({ kind: v.literal('abort'), reason: v.string() }),
])

const LAST_OUTCOME = v.picklist([
  'running',
  'not_started',
  'completed',
  'aborted',
  'cost_limit',
  'iteration_limit',
  'error',
])

/** The fields that a list of runs has, too. */
const PROGRESS = {
  running: v.boolean(),
  iteration: COUNT,
  total_cost: AMOUNT,
  total_tokens: COUNT,
  last_outcome: LAST_OUTCOME,
  tasks_completed: COUNT,
  tasks_total: COUNT,
  started_at: TIME_OR_NULL,
  finished_at: TIME_OR_NULL,
  message: TEXT_OR_NULL,
}

const STATUS = {
  ...PROGRESS,
  agent: v.string(),
  run: TEXT_OR_NULL,
  task: TEXT_OR_NULL,
  stopping: v.boolean(),
  last_verdict: v.nullable(VERDICT),
  pending_confirmation: TEXT_OR_NULL,
  warnings: v.array(v.string()),
}

export const STATUS_ANSWER = v.strictObject(STATUS)

export const RUNS_ANSWER = v.strictObject({
  agent: v.string(),
  runs: v.array(v.strictObject({ ...PROGRESS, run: v.string() })),
})

export const RUN_ANSWER = v.strictObject({
  ...STATUS,
  driver: v.picklist(['inline', 'asl', 'states']),
  workspace: v.string(),
  max_iterations: COUNT,
  max_cost: AMOUNT,
  max_tokens: COUNT,
  iterations: v.array(
    v.strictObject({
      iteration: COUNT,
      attempt: COUNT,
      task: v.string(),
      verdict: VERDICT,
      cost: AMOUNT,
      tokens: COUNT,
      started_at: TIME,
      finished_at: TIME,
      duration_ms: AMOUNT,
      checkpoint: TEXT_OR_NULL,
    }),
  ),
  next: v.nullable(COUNT),
})
