import * as v from 'valibot'
import { ask } from '../../agents/claw/ask.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { RouteAnswer, RouteHandler } from '../edge.ts'
import { TEXT, validate } from '../validate.ts'
import { answerView, waitingView } from './turn-view.ts'

export const MESSAGE_BODY = v.strictObject({
  message: TEXT,
  /** As in an InboundMessage; `lane` chooses the lane (chapter 24.7). */
  metadata: v.optional(v.looseObject({ lane: v.optional(v.string()) })),
  user_id: v.optional(v.string()),
})

/** POST /api/v1/claw/:agent/sessions/:key/message (chapter 28.2); 202 when a person has to decide first. */
export const clawMessage: RouteHandler = async ({ system, edge, params, body, requestId, deadlineAt }) => {
  const { message, metadata } = validate(MESSAGE_BODY, body ?? {})
  const agent = params.agent ?? ''
  const key = params.key ?? ''
  const { world } = await system()
  return await orWaiting(async () => {
    const answer = await ask(world, {
      agent,
      key,
      message,
      ...(metadata?.lane === undefined ? {} : { lane: metadata.lane }),
      requestId,
      deadlineAt,
      signal: edge.shutdown,
    })
    return { body: answerView(agent, key, answer) }
  })
}

async function orWaiting(work: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault && error.code === 'confirmation_pending') {
      return { status: 202, body: waitingView(error) }
    }
    throw error
  }
}
