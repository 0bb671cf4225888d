import { statisticsOf } from '../../agents/turn/statistics.ts'
import type { World } from '../../agents/world.ts'

/** Before the names of figures of requests, of an agent and of the storage. */
export const REQUESTS_PREFIX = 'neam_requests'
export const AGENT_PREFIX = 'neam_agent'
export const STORAGE_PREFIX = 'neam_storage'

/** What one agent used. */
export interface AgentFigures {
  readonly model_calls: number
  readonly tokens: number
  readonly cost_usd: number
  /** Answers. */
  readonly turns: number
  readonly avg_latency_ms: number
}

/** What each agent of the program used, in this process since it began. */
export function agentFiguresOf(world: World): Readonly<Record<string, AgentFigures>> {
  const statistics = statisticsOf(world)
  return Object.fromEntries(
    world.program.module.manifest.agents.map(({ name }) => {
      const { calls, tokens, cost } = statistics.usage(name)
      const turns = statistics.turns(name)
      const latency = statistics.averageLatencyMs(name)
      return [name, { model_calls: calls, tokens, cost_usd: cost, turns, avg_latency_ms: latency }]
    }),
  )
}
