import { AsyncLocalStorage } from 'node:async_hooks'
import { NO_TRACING, type Tracing } from '../../agents/ports/tracing.ts'
import { chance } from '../chance.ts'

/** Version, trace id, id of the caller's span, flags. Later versions may have more behind these (W3C Trace Context, 4.3). */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/

interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 2 hexadecimal digits. */
  readonly flags: string
}

/** Null for what W3C does not call a `traceparent`. */
function parsed(traceparent: string | null | undefined): TraceContext | null {
  const [whole, version, traceId, , flags] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (whole === undefined || traceId === undefined || flags === undefined) return null
  return version === '00' && traceparent !== whole ? null : { traceId, flags }
}

/** The trace id of a `traceparent`, null for what is none. */
export const traceIdOf = (traceparent: string | null): string | null => parsed(traceparent)?.traceId ?? null

const hex = (bytes: number): string => chance(bytes).toString('hex')

/** Nobody records a trace that begins here: the flags say so. */
const begun = (): TraceContext => ({ traceId: hex(16), flags: '00' })

const newSpanId = (): string => hex(8)

const written = ({ traceId, flags }: TraceContext, spanId: string): string =>
  `00-${traceId}-${spanId}-${flags}`

/** `traceparent` of an answer that nothing was done for, in the trace of its request. */
export const answeredIn = (traceparent: string | undefined): string =>
  written(parsed(traceparent) ?? begun(), newSpanId())

const contexts = new AsyncLocalStorage<{ readonly trace: TraceContext; readonly traceparent: string }>()

/**
 * Traces that are recorded nowhere: what a request sets off carries the trace id of its caller, or one that begins with
 * it, through this process and into those that go on with it. Spans other than those of requests are not told apart.
 */
export function contextOnly(): Tracing {
  const within = <T>(trace: TraceContext, spanId: string, work: () => Promise<T>): Promise<T> =>
    contexts.run({ trace, traceparent: written(trace, spanId) }, work)
  return {
    ...NO_TRACING,
    span(start, work) {
      const inTrace = () => NO_TRACING.span(start, work)
      if (start.kind !== 'server') return inTrace()
      return within(contexts.getStore()?.trace ?? begun(), newSpanId(), inTrace)
    },
    continued(traceparent, work) {
      const trace = parsed(traceparent)
      return trace === null ? work() : within(trace, traceparent!.slice(36, 52), work)
    },
    current: () => contexts.getStore()?.traceparent ?? null,
  }
}
