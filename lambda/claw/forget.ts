import * as v from 'valibot'
import { forgetMemory } from '../../agents/claw/forget.ts'
import { COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

export const FORGET_ANSWER = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  status: v.literal('forgotten'),
  conversations: COUNT,
  facts: COUNT,
})

/** DELETE /api/v1/claw/:agent/sessions/:key/memory. A session that remembers nothing forgets nothing. */
export const clawForget: RouteHandler = async ({ system, params, requestId }) => {
  const agent = params.agent ?? ''
  const key = params.key ?? ''
  const { conversations, facts } = await forgetMemory((await system()).world, { agent, key, requestId })
  return { body: { agent, session_key: key, status: 'forgotten', conversations, facts } }
}
