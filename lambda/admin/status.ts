import * as v from 'valibot'
import { monitor } from '../../agents/monitor.ts'
import { deviationsOf } from '../../agents/monitoring/deviations.ts'
import { COUNT, TIME_OR_NULL } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

/** By the names of an agent's baseline. */
export const DEVIATIONS = v.record(
  v.string(),
  v.strictObject({
    baseline: v.number(),
    observed: v.number(),
    samples: COUNT,
    anomaly_since: TIME_OR_NULL,
  }),
)

/** What the program's own methods give is any JSON; `error` alone: none of them could be called. */
const REPORT = v.optional(v.unknown())

export const ADMIN_STATUS_ANSWER = v.strictObject({
  disabled_agents: v.array(v.string()),
  baselines: v.record(v.string(), v.unknown()),
  agents: v.record(
    v.string(),
    v.strictObject({
      health: REPORT,
      metrics: REPORT,
      baseline: REPORT,
      error: REPORT,
      deviations: v.optional(DEVIATIONS),
    }),
  ),
})

/** GET /api/v1/admin/status (chapters 24.10 and 28.10): what is switched off, and what the agents say of themselves. */
export const adminStatus: RouteHandler = async ({ system, edge, requestId, deadlineAt }) => {
  const { world } = await system()
  const reports = await monitor(world, { signal: edge.shutdown, requestId, deadlineAt })
  const deviations = await deviationsOf(world)
  const agents = Object.fromEntries(
    Object.entries(reports).map(([name, shown]) => [
      name,
      name in deviations ? { ...shown, deviations: deviations[name] } : shown,
    ]),
  )
  return {
    body: {
      disabled_agents: await world.killSwitch.disabled(),
      baselines: Object.fromEntries(
        Object.entries(reports).flatMap(([name, shown]) =>
          shown.baseline === undefined ? [] : [[name, shown.baseline]],
        ),
      ),
      agents,
    },
  }
}
