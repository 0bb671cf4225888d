import * as v from 'valibot'
import { statusAfterChange } from '../../agents/forge/await-change.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import type { RouteHandler } from '../edge.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'

export const STATUS_QUERY = v.strictObject({
  /** Seconds; the answer comes before the platform's limit, whatever it says. */
  wait: v.optional(WHOLE_NUMBER),
})

/** GET /api/v1/forge/:agent/status (chapter 28.3); `?wait=20` answers when the run gets on, or after 20 seconds. */
export const forgeStatusRoute: RouteHandler = async ({ system, edge, params, query, deadlineAt }) => {
  const { wait } = validate(STATUS_QUERY, query)
  const { world } = await system()
  const agent = params.agent ?? ''
  if (wait === undefined) return { body: await forgeStatus(world, agent) }
  const until = Math.min(world.clock.now() + Number(wait) * 1000, deadlineAt)
  return { body: await statusAfterChange(world, agent, { until, signal: edge.shutdown }) }
}
