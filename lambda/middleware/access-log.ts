import { traceIdOf } from '../../runtime/tracing/trace-context.ts'
import type { Edge } from '../edge.ts'
import type { ErrorCode } from '../refusal.ts'
import { requestTimesOf } from '../request-times.ts'
import { type Route, routeKey } from '../routes.ts'
import type { Middleware } from './middleware.ts'

/** Stands for the route of what never became a request. */
const NO_ROUTE = 'none'

/** How a request ended. */
export interface EndedRequest {
  readonly requestId: string
  readonly traceId: string | null
  /** Null: no request could be made of what came. */
  readonly route: Route | null
  readonly method: string | undefined
  readonly status: number | undefined
  /** Of a refusal before any handler. */
  readonly code?: ErrorCode
  readonly durationMs: number
}

/** One line a request: what was asked, how it ended, how long it took. No content, no keys, no query. */
export const requestLine = ({
  requestId,
  traceId,
  route,
  method,
  status,
  code,
  durationMs,
}: Omit<EndedRequest, 'route'> & { readonly route: string }) => ({
  level: 'info',
  message: 'request',
  request_id: requestId,
  trace_id: traceId,
  route,
  method,
  status,
  ...(code === undefined ? {} : { code }),
  duration_ms: Math.round(durationMs),
})

/** Logs a request, and counts its time in the metrics. */
export function recordRequest(edge: Edge, ended: EndedRequest): void {
  const { status = 500, durationMs } = ended
  const route = ended.route === null ? NO_ROUTE : routeKey(ended.route)
  requestTimesOf(edge).record(route, durationMs, status >= 500)
  edge.log({ ...requestLine({ ...ended, route }), ...edge.meter?.request({ route, status, durationMs }) })
}

/** Records each request that a handler is asked for, unless it was recorded before its handler ended. */
export function accessLog(route: Route, edge: Edge): Middleware {
  const started = new WeakMap<object, number>()
  const line: Middleware['after'] = ({ event, context, response }) => {
    if (context.isAnswered?.()) return
    recordRequest(edge, {
      requestId: context.requestId,
      traceId: traceIdOf(edge.tracing.current()),
      route,
      method: event.requestContext?.http?.method,
      status: response?.statusCode,
      durationMs: performance.now() - (started.get(context) ?? performance.now()),
    })
  }
  return {
    before: ({ context }) => {
      started.set(context, performance.now())
    },
    after: line,
    onError: line,
  }
}
