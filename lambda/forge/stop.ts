import * as v from 'valibot'
import { stopForge } from '../../agents/forge/stop.ts'
import { TEXT_OR_NULL } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'
import { validate } from '../validate.ts'

export const STOP_BODY = v.optional(v.strictObject({ force: v.optional(v.boolean(), false) }), {})

export const STOP_ANSWER = v.strictObject({
  status: v.picklist(['stopping', 'not_running']),
  agent: v.string(),
  run: TEXT_OR_NULL,
})

/** POST /api/v1/forge/:agent/stop (chapter 28.3): graceful, or `{"force": true}`. */
export const forgeStop: RouteHandler = async ({ system, params, body, requestId }) => ({
  body: await stopForge((await system()).world, params.agent ?? '', {
    force: validate(STOP_BODY, body).force,
    requestId,
  }),
})
