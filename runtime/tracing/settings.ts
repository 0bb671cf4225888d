import type { Environment } from '../environment.ts'
import { EnvironmentReader } from '../environment-reader.ts'
import { SettingsError } from '../settings-error.ts'

/** How traces are exported; by the standard variables of OpenTelemetry. */
export interface TracingSettings {
  /** Where spans are sent, whole. */
  readonly url: string
  readonly protocol: (typeof PROTOCOLS)[number]
  readonly sampler: Sampler
  /** Whether spans hold what people and models wrote. */
  readonly capturesContent: boolean
}

export interface Sampler {
  /** Whether a caller's decision is taken over. */
  readonly parentBased: boolean
  /** Part of the traces that is recorded, 0 to 1. */
  readonly ratio: number
}

const PROTOCOLS = ['http/protobuf', 'http/json'] as const
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const
/** Where a collector listens by default. */
const COLLECTOR = 'http://localhost:4318'
/** What may be captured by the conventions; content as events of their own is not recorded. */
const CAPTURE: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  span_only: true,
  span_and_event: true,
  event_only: false,
  no_content: false,
}

/** Null = nothing is traced: no endpoint is named, or a variable turns it off. @throws SettingsError */
export function readTracing(environment: Environment): TracingSettings | null {
  const read = new EnvironmentReader(environment)
  if (read.text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return null
  const traces = read.webUrl('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const all = read.webUrl('OTEL_EXPORTER_OTLP_ENDPOINT')
  const exporter = read.word('OTEL_TRACES_EXPORTER', ['otlp', 'none'])
  if (exporter === 'none' || (exporter === null && traces === null && all === null)) return null

  const specific = 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
  const captures = read.word('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', Object.keys(CAPTURE))
  return {
    url: traces ?? `${(all ?? COLLECTOR).replace(/\/$/, '')}/v1/traces`,
    protocol:
      read.word(specific, PROTOCOLS) ?? read.word('OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOLS) ?? PROTOCOLS[0],
    sampler: readSampler(read, read.word('OTEL_TRACES_SAMPLER', samplerNames())),
    capturesContent: captures !== null && CAPTURE[captures] === true,
  }
}

const samplerNames = (): readonly string[] => SAMPLERS.flatMap((name) => [name, `parentbased_${name}`])

function readSampler(read: EnvironmentReader, name: string | null): Sampler {
  const parentBased = name === null || name.startsWith('parentbased_')
  if (name?.endsWith('always_off')) return { parentBased, ratio: 0 }
  if (!name?.endsWith('traceidratio')) return { parentBased, ratio: 1 }
  const ratio = Number(read.text('OTEL_TRACES_SAMPLER_ARG') ?? '1')
  if (ratio >= 0 && ratio <= 1) return { parentBased, ratio }
  const value = JSON.stringify(read.text('OTEL_TRACES_SAMPLER_ARG'))
  throw new SettingsError(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got ${value}`)
}
