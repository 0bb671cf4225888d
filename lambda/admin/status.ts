import { monitor } from '../../agents/monitor.ts'
import { deviationsOf } from '../../agents/monitoring/deviations.ts'
import type { RouteHandler } from '../edge.ts'

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
