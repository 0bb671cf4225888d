import * as v from 'valibot'
import type { RouteHandler } from '../edge.ts'
import { NO_LIST, TEXT, validate } from '../validate.ts'
import { takeMessage } from './take-message.ts'
import { answerView } from './turn-view.ts'
import { STREAM_HEADERS } from './wants-stream.ts'

export const MESSAGE_BODY = v.strictObject({
  message: TEXT,
  /** As in an InboundMessage; `lane` chooses the lane (chapter 24.7). */
  metadata: v.optional(v.pipe(NO_LIST, v.looseObject({ lane: v.optional(v.string()) }))),
  user_id: v.optional(v.string()),
})

/** Headers that the route reads, for /openapi.json. */
export const MESSAGE_HEADERS = {
  'Idempotency-Key':
    'The same key again is the same message: it is answered once, and both calls get the answer',
  ...STREAM_HEADERS,
  Prefer: '`respond-async`: answered 202 at once; the turn goes on in the background',
} as const

/** POST /api/v1/claw/:agent/sessions/:key/message (chapter 28.2). */
export const clawMessage: RouteHandler = async (request) => {
  const { message, metadata } = validate(MESSAGE_BODY, request.body ?? {})
  const { agent = '', key = '' } = request.params
  return await takeMessage(request, { agent, key, message, metadata, mayStream: true }, (answer) =>
    answerView(agent, key, answer),
  )
}
