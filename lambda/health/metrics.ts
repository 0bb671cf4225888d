import { statisticsOf } from '../../agents/turn/statistics.ts'
import type { RouteHandler } from '../edge.ts'
import { requestTimesOf } from '../request-times.ts'

/**
 * GET /api/v1/metrics (chapter 28.2): times of requests and what agents used, of this process since it began. On Lambda
 * each instance tells its own.
 */
export const metrics: RouteHandler = async ({ edge, system }) => {
  const { world } = await system()
  const statistics = statisticsOf(world)
  const times = requestTimesOf(edge)
  return {
    body: {
      requests: times.total(),
      routes: times.routes(),
      agents: Object.fromEntries(
        world.program.module.manifest.agents.map(({ name }) => {
          const { calls, tokens, cost } = statistics.usage(name)
          const latency = statistics.averageLatencyMs(name)
          return [name, { model_calls: calls, tokens, cost_usd: cost, avg_latency_ms: latency }]
        }),
      ),
    },
  }
}
