import * as v from 'valibot'
import { agentsOf } from '../../agents/find-agent.ts'
import { VERSION } from '../../runtime/version.ts'
import { AMOUNT, COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'
import { STORAGE, storageFiguresOf } from './storage-figures.ts'

export const SYSTEM_HEALTH_ANSWER = v.strictObject({
  status: v.literal('ok'),
  uptime_seconds: AMOUNT,
  version: v.string(),
  agents: v.strictObject({ stateless: COUNT, claw: COUNT, forge: COUNT }),
  vm: v.strictObject({ functions: COUNT, rss_bytes: COUNT, heap_used_bytes: COUNT }),
  storage: STORAGE,
})

/** GET /api/v1/health (chapter 28.2): liveness, what the program declares, the memory the process holds and how long its storage takes. */
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
      storage: storageFiguresOf(edge.storageTime),
    },
  }
}
