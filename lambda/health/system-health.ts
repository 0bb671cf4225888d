import { agentsOf } from '../../agents/find-agent.ts'
import { VERSION } from '../../runtime/version.ts'
import type { RouteHandler } from '../edge.ts'

/** GET /api/v1/health (chapter 28.2): liveness, what the program declares and the memory the process holds. */
export const systemHealth: RouteHandler = async ({ edge, system }) => {
  const { world } = await system()
  const { module } = world.program
  const { rss, heapUsed } = process.memoryUsage()
  return {
    body: {
      status: 'ok',
      uptime_seconds: edge.uptimeSeconds(),
      version: VERSION,
      agents: {
        stateless: agentsOf(world, 'agent').length,
        claw: agentsOf(world, 'claw').length,
        forge: agentsOf(world, 'forge').length,
      },
      vm: { functions: module.functions.length, rss_bytes: rss, heap_used_bytes: heapUsed },
    },
  }
}
