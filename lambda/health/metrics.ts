import * as v from 'valibot'
import type { Occupancy } from '../../agents/limits/slots.ts'
import { deviationsOf } from '../../agents/monitoring/deviations.ts'
import type { System } from '../../runtime/system.ts'
import { DEVIATIONS } from '../admin/status.ts'
import { AMOUNT, COUNT } from '../answer-parts.ts'
import type { Edge, RouteHandler } from '../edge.ts'
import { requestTimesOf, type Times } from '../request-times.ts'
import { type AgentFigures, agentFiguresOf } from './agent-figures.ts'
import { STORAGE, storageFiguresOf } from './storage-figures.ts'

const TIMES = v.strictObject({ count: COUNT, errors: COUNT, p50_ms: AMOUNT, p95_ms: AMOUNT, p99_ms: AMOUNT })

export const METRICS_ANSWER = v.strictObject({
  requests: TIMES,
  routes: v.record(v.string(), TIMES),
  agents: v.record(
    v.string(),
    v.strictObject({
      model_calls: COUNT,
      tokens: COUNT,
      cost_usd: AMOUNT,
      turns: COUNT,
      avg_latency_ms: AMOUNT,
    }),
  ),
  pools: v.record(v.string(), v.strictObject({ size: COUNT, in_use: COUNT, waiting: COUNT })),
  storage: STORAGE,
  deviations: v.record(v.string(), DEVIATIONS),
})

/** How full a pool of the process is: places, those taken, and how many wait for one. */
export interface PoolFigures {
  readonly size: number
  readonly in_use: number
  readonly waiting: number
}

export interface Figures {
  readonly requests: Times
  /** By route key. */
  readonly routes: Readonly<Record<string, Times>>
  /** By name, of every agent of the program. */
  readonly agents: Readonly<Record<string, AgentFigures>>
  /** `vm`: VM instances; `llm`: connections to models; `connections`: those of callers, where the process takes them. */
  readonly pools: Readonly<Record<string, PoolFigures>>
  readonly storage: v.InferOutput<typeof STORAGE>
}

/** Times of requests and what agents used, of this process since it began. */
export function figuresOf(edge: Edge, { world, instances, modelConnections }: System): Figures {
  const times = requestTimesOf(edge)
  return {
    requests: times.total(),
    routes: times.routes(),
    agents: agentFiguresOf(world),
    pools: {
      vm: poolFigures(instances.occupancy()),
      llm: poolFigures(modelConnections()),
      ...(edge.connections ? { connections: poolFigures(edge.connections()) } : {}),
    },
    storage: storageFiguresOf(edge.storageTime),
  }
}

const poolFigures = ({ limit, inUse, waiting }: Occupancy): PoolFigures => ({
  size: limit,
  in_use: inUse,
  waiting,
})

/** GET /api/v1/metrics (chapter 28.2). On Lambda each instance tells its own figures; deviations are those of all. */
export const metrics: RouteHandler = async ({ edge, system }) => {
  const running = await system()
  return { body: { ...figuresOf(edge, running), deviations: await deviationsOf(running.world) } }
}
