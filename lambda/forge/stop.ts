import * as v from 'valibot'
import { stopForge } from '../../agents/forge/stop.ts'
import type { RouteHandler } from '../edge.ts'
import { validate } from '../validate.ts'

export const STOP_BODY = v.optional(v.strictObject({ force: v.optional(v.boolean(), false) }), {})

/** POST /api/v1/forge/:agent/stop (chapter 28.3): graceful, or `{"force": true}`. */
export const forgeStop: RouteHandler = async ({ system, params, body, requestId }) => ({
  body: await stopForge((await system()).world, params.agent ?? '', {
    force: validate(STOP_BODY, body).force,
    requestId,
  }),
})
