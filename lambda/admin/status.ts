import { monitor } from '../../agents/monitor.ts'
import type { RouteHandler } from '../edge.ts'

/** GET /api/v1/admin/status (chapters 24.10 and 28.10): what is switched off, and what the agents say of themselves. */
export const adminStatus: RouteHandler = async ({ system, edge, requestId, deadlineAt }) => {
  const { world } = await system()
  const agents = await monitor(world, { signal: edge.shutdown, requestId, deadlineAt })
  return {
    body: {
      disabled_agents: await world.killSwitch.disabled(),
      baselines: Object.fromEntries(
        Object.entries(agents).flatMap(([name, shown]) =>
          shown.baseline === undefined ? [] : [[name, shown.baseline]],
        ),
      ),
      agents,
    },
  }
}
