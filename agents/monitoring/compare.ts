import { isoTime, msOfIsoTime } from '../iso-time.ts'
import {
  type Behaviour,
  type BehaviourSample,
  type Deviation,
  MEASURES,
  type Measure,
} from '../ports/behaviour.ts'

/** Newest samples that the means are taken over. */
const WINDOW = 20
/** With fewer samples nothing is compared. */
const LEAST_SAMPLES = 5
/** A mean above this many times the baseline is an anomaly ... */
export const TOLERANCE = 2
/** ... until it is at most this many times the baseline: a mean around the limit is one anomaly, not many. */
const NORMAL = 1.5
/** An anomaly that lasts is told again. */
const REMINDER_MS = 60 * 60_000

/** Means by measure, as `baseline()` names them with `avg_` in front; what is not measured is left out. */
export type Baseline = ReadonlyMap<Measure, number>

/** The name of a measure in `baseline()`, events, metrics and logs. */
export const measureName = (measure: Measure): string => `avg_${measure}`

/** The numbers of `baseline()` that can be compared; `baseline` is its value as JSON. */
export function baselineOf(baseline: unknown): Baseline {
  const found = new Map<Measure, number>()
  if (typeof baseline !== 'object' || baseline === null) return found
  const values = new Map(Object.entries(baseline))
  for (const measure of MEASURES) {
    const value: unknown = values.get(measureName(measure))
    if (typeof value === 'number' && value >= 0) found.set(measure, value)
  }
  return found
}

/** Adds a sample and compares the means with the baseline. A sample that is there already changes nothing. */
export function withSample(
  before: Behaviour,
  sample: BehaviourSample,
  baseline: Baseline,
  nowMs: number,
): Behaviour {
  if (before.samples.some(({ id }) => id === sample.id)) return before
  const samples = [...before.samples, sample].slice(-WINDOW)
  const deviations: Partial<Record<Measure, Deviation>> = {}
  for (const [measure, expected] of baseline) {
    const values = samples.flatMap(({ values }) => values[measure] ?? [])
    if (values.length < LEAST_SAMPLES) continue
    const observed = values.reduce((sum, value) => sum + value, 0) / values.length
    const earlier = before.deviations[measure]
    deviations[measure] = {
      baseline: expected,
      observed,
      samples: values.length,
      ...told(earlier, isAnomaly(observed, expected, earlier), nowMs),
    }
  }
  return { samples, deviations }
}

const isAnomaly = (observed: number, baseline: number, earlier: Deviation | undefined): boolean =>
  observed > baseline * (earlier?.since ? NORMAL : TOLERANCE)

function told(
  earlier: Deviation | undefined,
  isAnomaly: boolean,
  nowMs: number,
): Pick<Deviation, 'since' | 'toldAt'> {
  if (!isAnomaly) return { since: null, toldAt: null }
  const now = isoTime(nowMs)
  const toldAt = earlier?.toldAt ?? null
  const isDue = toldAt === null || nowMs - msOfIsoTime(toldAt) >= REMINDER_MS
  return { since: earlier?.since ?? now, toldAt: isDue ? now : toldAt }
}

export interface Changes {
  /** Anomalies that began, or have lasted so long that they are told again. */
  readonly told: readonly (readonly [Measure, Deviation])[]
  /** Measures that are within the baseline again. */
  readonly ended: readonly (readonly [Measure, Deviation])[]
}

/** What there is to tell after a change. */
export function changesBetween(before: Behaviour, after: Behaviour): Changes {
  const all = MEASURES.flatMap((measure) => {
    const deviation = after.deviations[measure]
    return deviation === undefined ? [] : [[measure, deviation] as const]
  })
  const earlier = (measure: Measure) => before.deviations[measure]?.toldAt ?? null
  return {
    told: all.filter(([measure, { toldAt }]) => toldAt !== null && toldAt !== earlier(measure)),
    ended: all.filter(([measure, { toldAt }]) => toldAt === null && earlier(measure) !== null),
  }
}
