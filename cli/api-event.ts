/** An HTTP request as the API Gateway v2 event that Lambda would get, and a handler's answer back on the wire. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { HandlerAnswer } from '../lambda/edge.ts'
import { ROUTES, type Route, routeKey } from '../lambda/routes.ts'
import { type Entrance, isOwnPort } from '../runtime/channel-ports.ts'

interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Segments as API Gateway compares them: `/a/` is another path than `/a`. */
const segments = (path: string): readonly string[] => path.split('/').slice(1)

/** A segment of a route's path: a text as it is, `{name}`, or `{name+}` for all that follow. */
interface Segment {
  readonly kind: 'text' | 'one' | 'rest'
  readonly name: string
}

function segmentOf(text: string): Segment {
  const [, name, greedy] = /^\{(\w+)(\+)?\}$/.exec(text) ?? []
  if (name === undefined) return { kind: 'text', name: text }
  return { kind: greedy === undefined ? 'one' : 'rest', name }
}

interface Row {
  readonly route: Route
  readonly pattern: readonly Segment[]
}

/** The rows that are looked through for a method, in the order of the table; those of `ANY` for methods without any. */
const ROWS: ReadonlyMap<string, readonly Row[]> = new Map(
  [...new Set(ROUTES.map(({ method }) => method as string))].map((method) => [
    method,
    ROUTES.filter((route) => route.method === 'ANY' || route.method === method).map((route) => ({
      route,
      pattern: segments(route.path).map(segmentOf),
    })),
  ]),
)

/** The values of a route's parameters in a path, null when the path is not the route's. Throws URIError. */
function parameters(
  pattern: readonly Segment[],
  path: readonly string[],
): Readonly<Record<string, string>> | null {
  const params: Record<string, string> = {}
  for (const [at, { kind, name }] of pattern.entries()) {
    if (kind === 'rest') {
      params[name] = path.slice(at).map(decodeURIComponent).join('/')
      return params
    }
    const value = path[at]
    if (value === undefined || (kind === 'one' ? value === '' : value !== name)) return null
    if (kind === 'one') params[name] = decodeURIComponent(value)
  }
  return path.length === pattern.length ? params : null
}

/** The row that API Gateway would choose: the table lists `ANY /{proxy+}` last. At a channel's port it is the only one. */
export function matchRoute(method: string, path: string, entrance: Entrance | null = null): Match {
  const asked = segments(path)
  const rows = isOwnPort(entrance) ? ROWS.get(method) : undefined
  for (const { route, pattern } of rows ?? ROWS.get('ANY') ?? []) {
    const params = parameters(pattern, asked)
    if (params) return { route, params }
  }
  throw new Error('the route table has no last row for everything else')
}

/** What a request is about. */
export interface Target {
  /** Host and port, as they were sent. */
  readonly host: string | undefined
  readonly path: string
  /** Without its question mark. */
  readonly query: string
}

/** Whoever speaks as to a proxy sends a whole URL; its host then counts, and the header does not (RFC 9112, 3.2.2). */
export function targetOf({ url = '/', headers }: IncomingMessage): Target {
  const [, host = headers.host, rest = url] = /^https?:\/\/([^/?]*)(.*)$/i.exec(url) ?? []
  const [path, ...queries] = rest.split('?')
  return { host, path: path || '/', query: queries.join('?') }
}

/** The route that a request would take; null: its path is not well-formed percent-encoding. */
export function routeOf(request: IncomingMessage, entrance: Entrance | null): Route | null {
  try {
    return matchRoute(request.method ?? 'GET', targetOf(request).path, entrance).route
  } catch {
    return null
  }
}

/** Whether a request asks how the server is, for which nobody needs a key. */
export const isProbe = (request: IncomingMessage, entrance: Entrance | null): boolean =>
  routeOf(request, entrance)?.credential === 'open'

/** Multi-value headers are joined by commas, names are in lower case. */
function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase()
    if (name === 'cookie') continue
    const value = rawHeaders[at + 1]!
    const earlier = headers[name]
    headers[name] = earlier === undefined ? value : `${earlier},${value}`
  }
  return headers
}

/** Values of a name that stands several times are joined by commas; null for an address without a query. */
function queryOf(rawQueryString: string): Readonly<Record<string, string>> | null {
  if (rawQueryString === '') return null
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = query.get(name)
    query.set(name, earlier === undefined ? value : `${earlier},${value}`)
  }
  return Object.fromEntries(query)
}

export interface EventOptions {
  readonly requestId: string
  /** ms. */
  readonly now: number
  /** Where the request came in; absent: one place serves everything. */
  readonly entrance?: Entrance | null
}

/** @throws URIError for a path that is not well-formed percent-encoding. */
export function apiEvent(
  request: IncomingMessage,
  body: Buffer,
  options: EventOptions,
): APIGatewayProxyEventV2 {
  const method = request.method ?? 'GET'
  const { host, path: rawPath, query: rawQueryString } = targetOf(request)
  const { route, params } = matchRoute(method, rawPath, options.entrance)
  const key = routeKey(route)
  const query = queryOf(rawQueryString)
  const headers = headersOf(request)
  if (host !== undefined) headers.host = host
  const binary = body.length > 0 && !isUtf8(body)
  return {
    version: '2.0',
    routeKey: key,
    rawPath,
    rawQueryString,
    headers,
    ...(request.headers.cookie === undefined ? {} : { cookies: request.headers.cookie.split(/; */) }),
    ...(query === null ? {} : { queryStringParameters: query }),
    ...(Object.keys(params).length === 0 ? {} : { pathParameters: { ...params } }),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: options.requestId,
      routeKey: key,
      stage: '$default',
      time: new Date(options.now).toUTCString(),
      timeEpoch: options.now,
    },
    ...(body.length === 0 ? {} : { body: binary ? body.toString('base64') : body.toString('utf8') }),
    isBase64Encoded: binary,
  }
}

/** API Gateway passes text as it is and everything else as base64. */
const isUtf8 = (body: Buffer): boolean => Buffer.from(body.toString('utf8'), 'utf8').equals(body)

export interface SendOptions {
  /** An answer to HEAD. */
  readonly bodyless: boolean
  /** How long the other side may take nothing of what is being sent, ms; then the connection is closed. */
  readonly stallMs: number
}

/** Resolves when the answer has been handed to the operating system, or cannot be any more. */
export async function sendAnswer(
  response: ServerResponse,
  answer: HandlerAnswer,
  { bodyless, stallMs }: SendOptions,
): Promise<void> {
  response.setTimeout(stallMs, () => response.destroy())
  const headers: OutgoingHttpHeaders = { ...answer.headers } as Record<string, string>
  const status = answer.statusCode ?? 200
  if (answer.stream) {
    response.writeHead(status, headers)
    await pipeline(answer.stream, response).catch(() => {}) // The other side has gone.
    return
  }
  const { body = '', isBase64Encoded = false } = answer
  // Node sends text in one piece with its headers.
  const content = isBase64Encoded ? Buffer.from(body, 'base64') : body
  // An answer to HEAD brings the length of the body that it leaves out.
  headers['content-length'] ??= Buffer.byteLength(content)
  response.writeHead(status, headers).end(bodyless ? undefined : content)
  await closed(response)
}

/** The end of an answer, whether or not it reached the other side. */
const closed = (response: ServerResponse): Promise<void> =>
  response.closed
    ? Promise.resolve()
    : new Promise((resolve) => {
        response.once('close', () => resolve())
      })
