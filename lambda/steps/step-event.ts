import * as v from 'valibot'
import type { ForgeStepEvent, ForgeWaitEvent } from '../../statemachine/contract.ts'

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(1))

// What another version of the definition sends besides is left alone: executions keep theirs across an update.
const STATE = v.object({
  agent: v.string(),
  run: v.string(),
  epoch: COUNT,
  iteration: COUNT,
  traceparent: v.optional(v.string()),
})

/** What the state machine invokes the step function with. */
export const STEP_EVENT: v.GenericSchema<unknown, ForgeStepEvent | ForgeWaitEvent> = v.variant('step', [
  v.object({ step: v.literal('iterate'), state: STATE }),
  v.object({
    step: v.literal('fail'),
    state: STATE,
    error: v.object({ Error: v.optional(v.string()), Cause: v.optional(v.string()) }),
  }),
  v.object({
    step: v.literal('wait'),
    state: STATE,
    wait: v.object({ confirmation: v.string(), seconds: COUNT }),
    token: v.string(),
  }),
])
