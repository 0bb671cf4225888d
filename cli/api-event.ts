/** An HTTP request as the API Gateway v2 event that Lambda would get, and a handler's answer back on the wire. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished, pipeline } from 'node:stream/promises'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { HandlerAnswer } from '../lambda/edge.ts'
import { ROUTES, type Route, routeKey } from '../lambda/routes.ts'

interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Segments as API Gateway compares them: `/a/` is another path than `/a`. */
const segments = (path: string): readonly string[] => path.split('/').slice(1)

/** The values of a route's parameters in a path, null when the path is not the route's. Throws URIError. */
function parameters(route: Route, path: readonly string[]): Readonly<Record<string, string>> | null {
  const pattern = segments(route.path)
  const params: Record<string, string> = {}
  for (const [at, part] of pattern.entries()) {
    const greedy = /^\{(\w+)\+\}$/.exec(part)
    if (greedy) {
      params[greedy[1]!] = path.slice(at).map(decodeURIComponent).join('/')
      return params
    }
    const value = path[at]
    const single = /^\{(\w+)\}$/.exec(part)
    if (value === undefined || (single ? value === '' : value !== part)) return null
    if (single) params[single[1]!] = decodeURIComponent(value)
  }
  return path.length === pattern.length ? params : null
}

/** The row that API Gateway would choose: the table lists `ANY /{proxy+}` last. */
export function matchRoute(method: string, path: string): Match {
  for (const route of ROUTES) {
    if (route.method !== 'ANY' && route.method !== method) continue
    const params = parameters(route, segments(path))
    if (params) return { route, params }
  }
  throw new Error('the route table has no last row for everything else')
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0]!

/** The route that a request would take; null: its path is not well-formed percent-encoding. */
export function routeOf(request: IncomingMessage): Route | null {
  try {
    return matchRoute(request.method ?? 'GET', pathOf(request)).route
  } catch {
    return null
  }
}

/** Whether a request asks how the server is, for which nobody needs a key. */
export const isProbe = (request: IncomingMessage): boolean => routeOf(request)?.credential === 'open'

/** Multi-value headers are joined by commas, names are in lower case. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie' && value) headers[name] = value.join(',')
  }
  return headers
}

export interface EventOptions {
  readonly requestId: string
  /** ms. */
  readonly now: number
}

/** @throws URIError for a path that is not well-formed percent-encoding. */
export function apiEvent(
  request: IncomingMessage,
  body: Buffer,
  options: EventOptions,
): APIGatewayProxyEventV2 {
  const method = request.method ?? 'GET'
  const [rawPath = '/', ...queries] = (request.url ?? '/').split('?')
  const rawQueryString = queries.join('?')
  const { route, params } = matchRoute(method, rawPath)
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = query.get(name)
    query.set(name, earlier === undefined ? value : `${earlier},${value}`)
  }
  const headers = headersOf(request)
  const binary = body.length > 0 && !isUtf8(body)
  return {
    version: '2.0',
    routeKey: routeKey(route),
    rawPath,
    rawQueryString,
    headers,
    ...(request.headers.cookie === undefined ? {} : { cookies: request.headers.cookie.split(/; */) }),
    ...(rawQueryString === '' ? {} : { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(params).length === 0 ? {} : { pathParameters: { ...params } }),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: options.requestId,
      routeKey: routeKey(route),
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

/** Resolves when the answer has been handed to the operating system, or cannot be any more. */
export async function sendAnswer(
  response: ServerResponse,
  answer: HandlerAnswer,
  bodyless: boolean,
): Promise<void> {
  response.statusCode = answer.statusCode ?? 200
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, String(value))
  if (answer.stream) {
    await pipeline(answer.stream, response).catch(() => {}) // The other side has gone.
    return
  }
  const body = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8')
  // An answer to HEAD brings the length of the body that it leaves out.
  if (!response.hasHeader('content-length')) response.setHeader('content-length', body.length)
  response.end(bodyless ? undefined : body)
  await finished(response).catch(() => {}) // The other side has gone.
}
