/** The official SDK behind our port. Loaded by `import()` only; nothing global is registered. */
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { Fault } from '../../agents/ports/fault.ts'
import type { Attributes as OurAttributes, Span as OurSpan, Tracing } from '../../agents/ports/tracing.ts'
import { VERSION } from '../version.ts'
import type { TracingSettings } from './settings.ts'

const NAME = 'neamclaw-lambda'
/** A caller waits for a flush on Lambda: a collector that does not answer costs it no more than this. */
const FLUSH_LIMIT_MS = 2000

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER } as const

/** `lost`: spans could not be sent. Headers, certificate and time limit of the exporter it reads from its own variables. */
export async function openTelemetry(
  settings: TracingSettings,
  lost: (error: unknown) => void,
): Promise<Tracing> {
  setGlobalErrorHandler(lost)
  const processor = new BatchSpanProcessor({ exporter: await exporterOf(settings) })
  const provider = new TracerProvider({
    resource: systemResource(),
    sampler: samplerOf(settings),
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer(NAME, VERSION)
  const contexts = new AsyncLocalStorageContextManager().enable()
  const propagator = new W3CTraceContextPropagator()
  return {
    async span(start, work) {
      const parent = contexts.active()
      const options = { kind: KINDS[start.kind], attributes: present(start.attributes) }
      const span = tracer.startSpan(start.name, options, parent)
      const ours = portSpan(span, settings.capturesContent)
      try {
        return await contexts.with(trace.setSpan(parent, span), () => work(ours))
      } catch (error) {
        if (start.isFailure?.(error) ?? true) ours.fail(typeOf(error))
        throw error
      } finally {
        span.end()
      }
    },
    async continued(traceparent, work) {
      if (!traceparent) return await work()
      return await contexts.with(propagator.extract(contexts.active(), { traceparent }, GETTER), work)
    },
    current() {
      const carrier: Record<string, string> = {}
      propagator.inject(contexts.active(), carrier, SETTER)
      return carrier.traceparent ?? null
    },
    async flush() {
      const limit = new AbortController()
      const over = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FLUSH_LIMIT_MS)
        limit.signal.addEventListener('abort', () => clearTimeout(timer))
      })
      await Promise.race([processor.forceFlush().catch(lost), over])
      limit.abort()
    },
  }
}

async function exporterOf({ protocol, url }: TracingSettings): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'))
  return new OTLPTraceExporter({ url })
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over our own name. */
const systemResource = () =>
  defaultResource()
    .merge(resourceFromAttributes({ 'service.name': NAME, 'service.version': VERSION }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }))

function samplerOf({ sampler: { ratio, parentBased } }: TracingSettings): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio)
  return parentBased ? new ParentBasedSampler({ root }) : root
}

const portSpan = (span: Span, capturesContent: boolean): OurSpan => ({
  set: (attributes) => void span.setAttributes(present(attributes)),
  content(attributes) {
    if (capturesContent) span.setAttributes(present(attributes()))
  },
  fail(type) {
    // No message: it may hold content.
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.setAttribute('error.type', type)
  },
})

const present = (attributes: OurAttributes): Attributes => {
  const found: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) found[name] = typeof value === 'object' ? [...value] : value
  }
  return found
}

const typeOf = (error: unknown): string =>
  error instanceof Fault ? error.code : error instanceof Error ? error.name : typeof error

const GETTER = {
  get: (carrier: Readonly<Record<string, string>>, key: string) => carrier[key],
  keys: (carrier: Readonly<Record<string, string>>) => Object.keys(carrier),
}
const SETTER = {
  set(carrier: Record<string, string>, key: string, value: string) {
    carrier[key] = value
  },
}
