import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'

/** One span as it arrived. */
export interface ReceivedSpan {
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'other'
  readonly traceId: string
  readonly spanId: string
  /** "" = none. */
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly isError: boolean
  readonly resource: Readonly<Record<string, unknown>>
}

/** `name` and what happened within it, in the order of its end; `*` before a name: the span is an error. */
export type SpanTree = readonly (string | readonly [string, SpanTree])[]

export interface Collector {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT and the protocol must be for spans to arrive here. */
  readonly environment: Readonly<Record<string, string>>
  readonly url: string
  readonly requests: readonly { readonly path: string; readonly contentType: string; readonly body: Buffer }[]
  /** All spans so far: each before those within it, these in the order of their ends. */
  spans(): readonly ReceivedSpan[]
  /** All spans so far; those whose parent is none of them are at the top. */
  tree(): SpanTree
  /** All that was received, as text. */
  text(): string
}

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

/** A real HTTP server on loopback that takes OTLP as JSON. Closed after the test file. */
export async function startCollector(status = 200): Promise<Collector> {
  const requests: { path: string; contentType: string; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({
        path: request.url ?? '',
        contentType: request.headers['content-type'] ?? '',
        body: Buffer.concat(chunks),
      })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const spans = () => inOrder(requests.flatMap(({ body }) => spansOf(JSON.parse(body.toString()))))
  return {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    url,
    requests,
    spans,
    tree: () => treeOf(spans()),
    text: () => requests.map(({ body }) => body.toString('latin1')).join('\n'),
  }
}

const KINDS: Readonly<Record<number, ReceivedSpan['kind']>> = { 1: 'internal', 2: 'server', 3: 'client' }

interface Wire {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string
        readonly kind: number
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly attributes: readonly WireAttribute[]
        readonly status: { readonly code?: number }
      }[]
    }[]
  }[]
}

interface WireAttribute {
  readonly key: string
  readonly value: WireValue
}

type WireValue = Readonly<Record<string, unknown>>

function spansOf({ resourceSpans }: Wire): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: KINDS[span.kind] ?? 'other',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        attributes: attributesOf(span.attributes),
        isError: span.status.code === 2,
        resource: attributesOf(resource.attributes),
      })),
    ),
  )
}

const attributesOf = (attributes: readonly WireAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]))

function plainValue(value: WireValue): unknown {
  const [kind, content] = Object.entries(value)[0] ?? []
  if (kind === 'arrayValue') return ((content as { values?: WireValue[] }).values ?? []).map(plainValue)
  return kind === 'intValue' ? Number(content) : content
}

/** The spans within one; null = those whose parent is not among them. */
function spansWithin(spans: readonly ReceivedSpan[], parent: ReceivedSpan | null): readonly ReceivedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  return spans.filter(({ parentSpanId }) =>
    parent === null ? !ids.has(parentSpanId) : parentSpanId === parent.spanId,
  )
}

const inOrder = (
  spans: readonly ReceivedSpan[],
  parent: ReceivedSpan | null = null,
): readonly ReceivedSpan[] => spansWithin(spans, parent).flatMap((span) => [span, ...inOrder(spans, span)])

const treeOf = (spans: readonly ReceivedSpan[], parent: ReceivedSpan | null = null): SpanTree =>
  spansWithin(spans, parent).map((span) => {
    const name = `${span.isError ? '*' : ''}${span.name}`
    const inner = treeOf(spans, span)
    return inner.length === 0 ? name : [name, inner]
  })
