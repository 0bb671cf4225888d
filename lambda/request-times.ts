import type { Edge } from './edge.ts'

/** Newest requests of a route that the percentiles are taken over. */
const WINDOW = 1000

export interface Times {
  /** Requests since the process began. */
  readonly count: number
  /** Those of them that were answered with 5xx. */
  readonly errors: number
  /** Milliseconds over the window; 0 before the first request. */
  readonly p50_ms: number
  readonly p95_ms: number
  readonly p99_ms: number
}

interface Recorded {
  count: number
  errors: number
  /** A ring of the newest durations. */
  readonly durations: number[]
}

/** How long the requests of one process took, by route key. */
export class RequestTimes {
  readonly #routes = new Map<string, Recorded>()

  record(route: string, durationMs: number, failed: boolean): void {
    const recorded = this.#routes.get(route) ?? { count: 0, errors: 0, durations: [] }
    recorded.durations[recorded.count % WINDOW] = durationMs
    recorded.count += 1
    if (failed) recorded.errors += 1
    this.#routes.set(route, recorded)
  }

  /** Of all routes together. */
  total(): Times {
    const all = [...this.#routes.values()]
    return times({
      count: all.reduce((sum, { count }) => sum + count, 0),
      errors: all.reduce((sum, { errors }) => sum + errors, 0),
      durations: all.flatMap(({ durations }) => durations),
    })
  }

  /** Of each route that was asked for. */
  routes(): Readonly<Record<string, Times>> {
    return Object.fromEntries([...this.#routes].map(([route, recorded]) => [route, times(recorded)]))
  }
}

function times({ count, errors, durations }: Readonly<Recorded>): Times {
  const sorted = durations.toSorted((a, b) => a - b)
  return {
    count,
    errors,
    p50_ms: percentile(sorted, 0.5),
    p95_ms: percentile(sorted, 0.95),
    p99_ms: percentile(sorted, 0.99),
  }
}

/** Between the two nearest of the sorted values, linearly; whole microseconds. */
function percentile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part
  const below = sorted[Math.floor(at)] ?? 0
  const above = sorted[Math.ceil(at)] ?? below
  return Math.round((below + (above - below) * (at - Math.floor(at))) * 1000) / 1000
}

const recorders = new WeakMap<Edge, RequestTimes>()

/** The times of a process: they live as long as its edge. */
export function requestTimesOf(edge: Edge): RequestTimes {
  let found = recorders.get(edge)
  if (!found) {
    found = new RequestTimes()
    recorders.set(edge, found)
  }
  return found
}
