/** The step function of the state machine: one iteration of a forge run, or what it waits for. */
import type { Context } from 'aws-lambda'
import type { ForgeStepResult } from '../../statemachine/contract.ts'
import { plainly } from '../plainly.ts'
import { logLine, processMeter, systemOfProcess } from '../process.ts'
import { validate } from '../validate.ts'
import { forgeStep, forgeWait } from './forge-step.ts'
import { STEP_EVENT } from './step-event.ts'

const system = systemOfProcess()

/** Kept back to close the iteration before Lambda ends the process (reliability 2.8). */
const SOFT_MARGIN_MS = 60_000

/** Throws a Refusal for an event of another shape, and what the step throws. */
export const handler = plainly(async (sent: unknown, context: Context): Promise<ForgeStepResult | null> => {
  const event = validate(STEP_EVENT, sent)
  const { world } = await system()
  if (event.step === 'wait') {
    await forgeWait(world, event)
    return null
  }
  const deadlineAt = world.clock.now() + context.getRemainingTimeInMillis() - SOFT_MARGIN_MS
  try {
    return await forgeStep(world, event, { deadlineAt })
  } finally {
    const { agent, run } = event.state
    logLine({
      level: 'info',
      message: 'forge step',
      agent,
      run_id: run,
      step: event.step,
      ...processMeter.work(),
    })
    await world.tracing.flush()
  }
})
