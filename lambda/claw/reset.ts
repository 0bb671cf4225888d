import * as v from 'valibot'
import { resetSession } from '../../agents/claw/reset.ts'
import type { RouteHandler } from '../edge.ts'

export const RESET_ANSWER = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  status: v.literal('reset'),
  message: v.string(),
})

/** POST /api/v1/claw/:agent/sessions/:key/reset (chapter 28.2). An unknown session resets to what it is: empty. */
export const clawReset: RouteHandler = async ({ system, params, requestId }) => {
  const agent = params.agent ?? ''
  const key = params.key ?? ''
  const { archived } = await resetSession((await system()).world, { agent, key, requestId })
  const message = archived === null ? 'Session was empty: nothing to archive' : 'Session archived and reset'
  return { body: { agent, session_key: key, status: 'reset', message } }
}
