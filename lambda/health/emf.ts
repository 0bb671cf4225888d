import { NO_STORAGE_TIME, type StorageMark, type StorageTime } from '../../agents/ports/storage-time.ts'
import { AGENT_PREFIX, type AgentFigures, REQUESTS_PREFIX, STORAGE_PREFIX } from './agent-figures.ts'

/** CloudWatch namespace of all metrics. */
export const NAMESPACE = 'NeamClaw'
/** Of what all agents cost together, US dollars. */
export const COST_METRIC = `${AGENT_PREFIX}_cost_usd`

export interface MeasuredRequest {
  /** Route key. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
}

/** Fields of a log line from which CloudWatch makes metrics (its embedded metric format). */
export type EmfFields = Readonly<Record<string, unknown>>

type Counted = Omit<AgentFigures, 'avg_latency_ms'>

const UNITS: Readonly<Record<keyof Counted, 'Count' | 'None'>> = {
  model_calls: 'Count',
  tokens: 'Count',
  cost_usd: 'None',
  turns: 'Count',
}
/** A slower call on the storage is named in the line. */
const SLOW_CALL_MS = 1000
const COUNTED = Object.keys(UNITS) as (keyof Counted)[]

/**
 * Turns what a process counts into metrics by the names of GET /metrics. Each line tells what agents have used, and how
 * long the storage took, since the line before, so that nothing is counted twice: an instance on Lambda has one request at a time.
 */
export class EmfMeter {
  readonly #figures: () => Readonly<Record<string, AgentFigures>>
  readonly #storageTime: StorageTime
  #told: Readonly<Record<string, Counted>> = {}
  #storageTold: StorageMark

  constructor(
    figures: () => Readonly<Record<string, AgentFigures>>,
    storageTime: StorageTime = NO_STORAGE_TIME,
  ) {
    this.#figures = figures
    this.#storageTime = storageTime
    this.#storageTold = storageTime.mark()
  }

  /** Of a request that has been answered, and of what agents used for it. */
  request({ route, status, durationMs }: MeasuredRequest): EmfFields {
    const used = this.#usedSince()
    return emf([
      {
        dimensions: { route },
        values: {
          [`${REQUESTS_PREFIX}_count`]: [1, 'Count'],
          [`${REQUESTS_PREFIX}_errors`]: [status >= 500 ? 1 : 0, 'Count'],
          [`${REQUESTS_PREFIX}_ms`]: [Math.round(durationMs), 'Milliseconds'],
        },
      },
      ...agentMetrics(used),
      this.#storageMetrics(),
    ])
  }

  /** Of work that answers no request: a turn in the background, an iteration. No fields when no agent did anything. */
  work(): EmfFields {
    const metrics = agentMetrics(this.#usedSince())
    return metrics.length === 0 ? {} : emf([...metrics, this.#storageMetrics()])
  }

  #storageMetrics(): Metrics {
    const { ms, slowest } = this.#storageTime.since(this.#storageTold)
    this.#storageTold = this.#storageTime.mark()
    return {
      dimensions: {},
      values: { [`${STORAGE_PREFIX}_ms`]: [Math.round(ms), 'Milliseconds'] },
      fields: slowest !== null && slowest.ms >= SLOW_CALL_MS ? { slowest_storage_call: slowest } : {},
    }
  }

  #usedSince(): Readonly<Record<string, Counted>> {
    const now = this.#figures()
    const used = Object.entries(now).map(
      ([agent, figures]) => [agent, minus(figures, this.#told[agent])] as const,
    )
    this.#told = now
    return Object.fromEntries(used.filter(([, counted]) => COUNTED.some((field) => counted[field] > 0)))
  }
}

const minus = (now: Counted, before: Counted | undefined): Counted => ({
  model_calls: now.model_calls - (before?.model_calls ?? 0),
  tokens: now.tokens - (before?.tokens ?? 0),
  cost_usd: Number((now.cost_usd - (before?.cost_usd ?? 0)).toFixed(9)),
  turns: now.turns - (before?.turns ?? 0),
})

interface Metrics {
  /** Given per value of these, and in total. */
  readonly dimensions: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, readonly [value: number, unit: string]>>
  /** Of the line, beside the metrics. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A line has one value a dimension: what several agents used together is their sum, and `agents` tells of each. */
function agentMetrics(used: Readonly<Record<string, Counted>>): readonly Metrics[] {
  const names = Object.keys(used)
  if (names.length === 0) return []
  const sum = (field: keyof Counted): number => Object.values(used).reduce((all, one) => all + one[field], 0)
  return [
    {
      dimensions: names.length === 1 ? { agent: names[0]! } : {},
      values: Object.fromEntries(
        COUNTED.map((field) => [`${AGENT_PREFIX}_${field}`, [sum(field), UNITS[field]] as const]),
      ),
      fields: { agents: used },
    },
  ]
}

const emf = (metrics: readonly Metrics[]): EmfFields => ({
  _aws: {
    Timestamp: Date.now(),
    CloudWatchMetrics: metrics.map(({ dimensions, values }) => ({
      Namespace: NAMESPACE,
      Dimensions: Object.keys(dimensions).length === 0 ? [[]] : [[], Object.keys(dimensions)],
      Metrics: Object.entries(values).map(([Name, [, Unit]]) => ({ Name, Unit })),
    })),
  },
  ...Object.fromEntries(
    metrics.flatMap(({ dimensions, values, fields = {} }) => [
      ...Object.entries(dimensions),
      ...Object.entries(values).map(([name, [value]]) => [name, value] as const),
      ...Object.entries(fields),
    ]),
  ),
})
