/** The worker function: goes on with turns that take longer than API Gateway waits (design 5). Invoked as an event. */
import type { Context } from 'aws-lambda'
import * as v from 'valibot'
import { resumeTurn, untilFree } from '../agents/claw/resume.ts'
import { Fault, type FaultCode } from '../agents/ports/fault.ts'
import { plainly } from './plainly.ts'
import { logLine, processMeter, systemOfProcess } from './process.ts'
import { validate } from './validate.ts'

const EVENT = v.strictObject({
  agent: v.string(),
  key: v.string(),
  turn: v.string(),
  traceparent: v.optional(v.string()),
})

/** Kept back to write down how far the turn has come before Lambda ends the process. */
const MARGIN_MS = 60_000
/** No model or tool call begins with less time left. */
const LEAST_MS = 60_000

/** Another try may get further: Lambda makes two more of an event that fails. Every other end is in the turn's journal. */
const REPEATED: ReadonlySet<FaultCode> = new Set([
  'turn_handed_over',
  'session_busy',
  'lane_full',
  'storage_slow',
  'storage_unavailable',
  'tree_missing',
  'tree_foreign',
])

const system = systemOfProcess()

export const handler = plainly(
  async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> => {
    const { traceparent, ...place } = validate(EVENT, event)
    const { world } = await system()
    const deadlineAt = world.clock.now() + context.getRemainingTimeInMillis() - MARGIN_MS
    try {
      await world.tracing.continued(traceparent, () =>
        untilFree(world, deadlineAt - LEAST_MS, () =>
          resumeTurn(world, place, {
            deadlineAt,
            signal: new AbortController().signal,
            requestId: null,
            holding: [],
            handOver: { at: deadlineAt, leastMs: LEAST_MS },
          }),
        ),
      )
    } catch (error) {
      if (!(error instanceof Fault) || REPEATED.has(error.code)) throw error
      logLine({ level: 'warn', message: 'turn not answered', ...place, code: error.code })
    } finally {
      logLine({ level: 'info', message: 'turn worked on', ...place, ...processMeter.work() })
      await world.tracing.flush()
    }
  },
)
