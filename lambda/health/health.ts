import * as v from 'valibot'
import { VERSION } from '../../runtime/version.ts'
import { AMOUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

export const HEALTH_ANSWER = v.strictObject({
  status: v.literal('ok'),
  uptime_seconds: AMOUNT,
  version: v.string(),
})

/** GET /health (chapter 28.8): the process is alive. Touches nothing that could be down. */
export const health: RouteHandler = async ({ edge }) => ({
  body: { status: 'ok', uptime_seconds: edge.uptimeSeconds(), version: VERSION },
})
