import { forgetMemory } from '../../agents/claw/forget.ts'
import type { RouteHandler } from '../edge.ts'

/** DELETE /api/v1/claw/:agent/sessions/:key/memory. A session that remembers nothing forgets nothing. */
export const clawForget: RouteHandler = async ({ system, params, requestId }) => {
  const agent = params.agent ?? ''
  const key = params.key ?? ''
  const { conversations, facts } = await forgetMemory((await system()).world, { agent, key, requestId })
  return { body: { agent, session_key: key, status: 'forgotten', conversations, facts } }
}
