import * as v from 'valibot'
import { ask } from '../../agents/claw/ask.ts'
import type { RouteHandler } from '../edge.ts'
import { TEXT, validate } from '../validate.ts'

export const MESSAGE_BODY = v.strictObject({
  message: TEXT,
  /** As in an InboundMessage; `lane` chooses the lane (chapter 24.7). */
  metadata: v.optional(v.looseObject({ lane: v.optional(v.string()) })),
  user_id: v.optional(v.string()),
})

/** POST /api/v1/claw/:agent/sessions/:key/message (chapter 28.2). */
export const clawMessage: RouteHandler = async ({ system, edge, params, body, requestId, deadlineAt }) => {
  const { message, metadata } = validate(MESSAGE_BODY, body ?? {})
  const agent = params.agent ?? ''
  const key = params.key ?? ''
  const answer = await ask((await system()).world, {
    agent,
    key,
    message,
    ...(metadata?.lane === undefined ? {} : { lane: metadata.lane }),
    requestId,
    deadlineAt,
    signal: edge.shutdown,
  })
  return {
    body: {
      agent,
      session_key: key,
      response: answer.response,
      turn_id: answer.turn,
      usage: { tokens: answer.tokens, cost_usd: answer.cost },
    },
  }
}
