import * as v from 'valibot'
import { type Continuation, decideConfirmation } from '../../agents/confirmations/decide.ts'
import type { ConfirmationPlace } from '../../agents/ports/confirmations.ts'
import { faultText } from '../../agents/ports/fault.ts'
import { TIME } from '../answer-parts.ts'
import { ACCEPTED_ANSWER, ANSWERED, FAILURE, WAITING } from '../claw/turn-shape.ts'
import { answerView, runningView, waitingView } from '../claw/turn-view.ts'
import type { RouteHandler } from '../edge.ts'
import { keyFingerprint } from '../middleware/authenticate.ts'
import { ERROR_ANSWER } from '../middleware/error-answer.ts'
import { FAULT_STATUS } from '../middleware/fault-status.ts'
import { Refusal } from '../refusal.ts'
import { TEXT, validate } from '../validate.ts'

export const CONFIRM_BODY = v.strictObject({
  trace_id: TEXT,
  action: v.picklist(['approve', 'deny']),
})

const RUN = { run: v.string() }

/** How it goes on: `turn` of a claw agent, `run` of a forge agent. */
const CONTINUATION = {
  turn: v.optional(
    v.union([
      v.strictObject({ ...ANSWERED, status: v.picklist(['completed', 'orphaned']) }),
      ACCEPTED_ANSWER,
      v.strictObject({ ...FAILURE, status: v.literal('failed') }),
    ]),
  ),
  run: v.optional(
    v.union([
      v.strictObject({ ...RUN, status: v.literal('running') }),
      v.strictObject({ ...RUN, ...WAITING }),
      v.strictObject({ ...RUN, ...FAILURE, status: v.literal('failed') }),
    ]),
  ),
}

export const CONFIRM_ANSWER = v.strictObject({
  status: v.picklist(['approved', 'denied']),
  trace_id: v.string(),
  agent: v.string(),
  tool: v.string(),
  ...CONTINUATION,
})

/** Another decision stands: which one, and how it went on. */
export const LATE_ANSWER = v.strictObject({
  ...ERROR_ANSWER.entries,
  ...CONTINUATION,
  trace_id: v.optional(v.string()),
  action: v.optional(v.picklist(['approve', 'deny', 'expire'])),
  by: v.optional(v.string()),
  at: v.optional(TIME),
  expires_at: v.optional(TIME),
})

/**
 * POST /api/v1/confirm (chapter 28.2): decides on a waiting tool call. `turn` tells how a claw agent's turn went on:
 * answered, waiting for the next decision, going on in the background, or failed; `run` names the forge run that goes on. 409 or 410, with the
 * same, when another decision stands.
 */
export const confirm: RouteHandler = async ({
  system,
  edge,
  event,
  body,
  requestId,
  deadlineAt,
  handOver,
}) => {
  const { trace_id, action } = validate(CONFIRM_BODY, body ?? {})
  const { world, instances } = await system()
  // A decision is taken whatever else goes on: with no VM instance free, the turn waits for one in the background.
  const release = instances.takeFree()
  const { request, late, continuation } = await decideConfirmation(world, {
    id: trace_id,
    action,
    by: keyFingerprint(event.headers?.authorization),
    deadlineAt,
    signal: edge.shutdown,
    requestId,
    handOver: release === null ? { at: world.clock.now(), leastMs: 1 } : handOver,
  }).finally(() => release?.())
  const { place, tool } = request
  const outcome = continuationView(place, continuation)
  if (late !== null) {
    throw new Refusal(FAULT_STATUS[late.code], late.code, faultText(late), {
      details: { ...late.data, ...outcome },
    })
  }
  const status = action === 'approve' ? 'approved' : 'denied'
  return { body: { status, trace_id, agent: place.agent, tool, ...outcome } }
}

function continuationView(place: ConfirmationPlace, continuation: Continuation): object {
  if (place.kind === 'run') return { run: { run: place.run, ...stateOf(continuation) } }
  switch (continuation.kind) {
    case 'answered': {
      const { answer } = continuation
      return { turn: { status: answer.status, ...answerView(place.agent, place.key, answer) } }
    }
    case 'resumed':
      return { turn: runningView(place) }
    case 'failed':
      return { turn: stateOf(continuation) }
  }
}

function stateOf(continuation: Continuation): object {
  if (continuation.kind !== 'failed') return { status: 'running' }
  const { fault } = continuation
  if (fault.code === 'confirmation_pending') return waitingView(fault)
  return { status: 'failed', code: fault.code, message: faultText(fault) }
}
