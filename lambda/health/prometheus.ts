import { type Monitoring, monitor } from '../../agents/monitor.ts'
import { deviationsOf } from '../../agents/monitoring/deviations.ts'
import type { RouteHandler } from '../edge.ts'
import type { Times } from '../request-times.ts'
import { AGENT_PREFIX, type AgentFigures, REQUESTS_PREFIX, STORAGE_PREFIX } from './agent-figures.ts'
import { type Figures, figuresOf, type PoolFigures } from './metrics.ts'
import { type Family, PROMETHEUS_TYPE, prometheusText, type Sample } from './prometheus-text.ts'

/**
 * GET /metrics: the figures of GET /api/v1/metrics under the same names as Prometheus text, and every number that
 * `metrics()` and `health_check()` of an agent give (chapters 24.10 and 28.10), and how agents compare
 * with their `baseline()`.
 */
export const prometheus: RouteHandler = async ({ edge, system, requestId, deadlineAt }) => {
  const running = await system()
  const reports = await monitor(running.world, { signal: edge.shutdown, requestId, deadlineAt })
  const deviations = await deviationsOf(running.world)
  const figures = figuresOf(edge, running)
  return {
    body: Buffer.from(
      prometheusText([
        ...requestFamilies(figures),
        ...agentFamilies(figures),
        ...poolFamilies(figures),
        ...storageFamilies(figures),
        ...reportFamilies(reports),
        ...deviationFamilies(deviations),
      ]),
    ),
    headers: { 'content-type': PROMETHEUS_TYPE },
  }
}

const TIMES: Readonly<Record<keyof Times, Pick<Family, 'help' | 'type'>>> = {
  count: { type: 'counter', help: 'Requests since the process began.' },
  errors: { type: 'counter', help: 'Requests that were answered with 5xx.' },
  p50_ms: { type: 'gauge', help: 'Median milliseconds of the newest 1000 requests.' },
  p95_ms: { type: 'gauge', help: '95th percentile of the newest 1000 requests in milliseconds.' },
  p99_ms: { type: 'gauge', help: '99th percentile of the newest 1000 requests in milliseconds.' },
}

const requestFamilies = ({ routes }: Figures): Family[] => families(REQUESTS_PREFIX, TIMES, 'route', routes)

const AGENT: Readonly<Record<keyof AgentFigures, Pick<Family, 'help' | 'type'>>> = {
  model_calls: { type: 'counter', help: 'Model calls of an agent.' },
  tokens: { type: 'counter', help: 'Tokens that the model calls of an agent took, in and out.' },
  cost_usd: { type: 'counter', help: 'US dollars that the model calls of an agent cost.' },
  turns: { type: 'counter', help: 'Answers of an agent.' },
  avg_latency_ms: { type: 'gauge', help: 'Mean milliseconds of an answer of an agent, 0 before the first.' },
}

const agentFamilies = ({ agents }: Figures): Family[] => families(AGENT_PREFIX, AGENT, 'agent', agents)

const POOL: Readonly<Record<keyof PoolFigures, Pick<Family, 'help' | 'type'>>> = {
  size: { type: 'gauge', help: 'Places of a pool of the process.' },
  in_use: { type: 'gauge', help: 'Places of a pool that are taken.' },
  waiting: { type: 'gauge', help: 'How many wait for a place of a pool.' },
}

const poolFamilies = ({ pools }: Figures): Family[] => families('neam_pool', POOL, 'pool', pools)

const storageFamilies = ({ storage: { calls, ms, slowest } }: Figures): Family[] => [
  {
    name: `${STORAGE_PREFIX}_calls`,
    type: 'counter',
    help: 'Calls on the file system of the tree.',
    samples: [{ labels: {}, value: calls }],
  },
  {
    name: `${STORAGE_PREFIX}_ms`,
    type: 'counter',
    help: 'Milliseconds that calls on the file system of the tree took.',
    samples: [{ labels: {}, value: ms }],
  },
  {
    name: `${STORAGE_PREFIX}_slowest_ms`,
    type: 'gauge',
    help: 'Milliseconds of the slowest call on the file system of the tree in the newest five minutes.',
    samples:
      slowest === null
        ? []
        : [{ labels: { operation: slowest.operation, files: slowest.files }, value: slowest.ms }],
  },
]

/** One family for each field, with a sample for each owner. */
const families = <Field extends string>(
  prefix: string,
  fields: Readonly<Record<Field, Pick<Family, 'help' | 'type'>>>,
  label: string,
  owners: Readonly<Record<string, Readonly<Record<Field, number>>>>,
): Family[] =>
  (Object.keys(fields) as Field[]).map((field) => ({
    name: `${prefix}_${field}`,
    ...fields[field],
    samples: Object.entries(owners).map(([owner, values]) => ({
      labels: { [label]: owner },
      value: values[field],
    })),
  }))

/** The reports of an agent that are measurements; a baseline is no state. */
const REPORTS = ['health', 'metrics'] as const

function reportFamilies(agents: Readonly<Record<string, Monitoring>>): Family[] {
  const reports = Object.entries(agents).flatMap(([agent, shown]) =>
    REPORTS.flatMap((report) =>
      numbersOf(shown[report]).map(([field, value]) => sample(agent, report, field, value)),
    ),
  )
  const failed = Object.entries(agents).flatMap(([agent, shown]) =>
    REPORTS.filter((report) => isFailure(shown) || isFailure(shown[report])).map((report) => ({
      labels: { agent, report },
      value: 1,
    })),
  )
  return [
    {
      name: 'neam_agent_report',
      type: 'gauge',
      help: 'A number that an agent reports of itself.',
      samples: reports,
    },
    {
      name: 'neam_agent_report_failed',
      type: 'gauge',
      help: 'An agent could not report; GET /api/v1/admin/status tells why.',
      samples: failed,
    },
  ]
}

const DEVIATION = {
  baseline: 'What an agent calls normal of itself.',
  observed: 'Mean over the newest answers or runs of an agent.',
  anomaly: '1 while an agent is above its baseline, else 0.',
} as const

const deviationFamilies = (agents: Awaited<ReturnType<typeof deviationsOf>>): Family[] =>
  (Object.keys(DEVIATION) as (keyof typeof DEVIATION)[]).map((field) => ({
    name: `neam_agent_${field}`,
    type: 'gauge',
    help: DEVIATION[field],
    samples: Object.entries(agents).flatMap(([agent, shown]) =>
      Object.entries(shown).map(([measure, { baseline, observed, anomaly_since }]) => ({
        labels: { agent, measure },
        value: { baseline, observed, anomaly: anomaly_since === null ? 0 : 1 }[field],
      })),
    ),
  }))

const sample = (agent: string, report: string, field: string, value: number): Sample => ({
  labels: { agent, report, field },
  value,
})

/** Numeric fields; a truth value counts as 1 or 0. */
const numbersOf = (report: unknown): (readonly [string, number])[] =>
  typeof report !== 'object' || report === null || Array.isArray(report)
    ? []
    : Object.entries(report).flatMap(([field, value]) =>
        typeof value === 'number' || typeof value === 'boolean' ? [[field, Number(value)] as const] : [],
      )

/** `{error}` alone; a report may have a field of that name among others. */
const isFailure = (report: unknown): boolean =>
  typeof report === 'object' &&
  report !== null &&
  'error' in report &&
  typeof report.error === 'string' &&
  Object.keys(report).length === 1
