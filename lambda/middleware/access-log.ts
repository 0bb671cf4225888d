import { traceIdOf } from '../../runtime/tracing/trace-context.ts'
import type { Edge } from '../edge.ts'
import { requestTimesOf } from '../request-times.ts'
import { type Route, routeKey } from '../routes.ts'
import type { Middleware } from './middleware.ts'

/** One line a request: what was asked, how it ended, how long it took. No content, no keys, no query. Its time counts in the metrics. */
export function accessLog(route: Route, edge: Edge): Middleware {
  const started = new WeakMap<object, number>()
  const line: Middleware['after'] = ({ event, context, response }) => {
    const durationMs = performance.now() - (started.get(context) ?? performance.now())
    const status = response?.statusCode ?? 500
    requestTimesOf(edge).record(routeKey(route), durationMs, status >= 500)
    edge.log({
      level: 'info',
      message: 'request',
      request_id: context.requestId,
      trace_id: traceIdOf(edge.tracing.current()),
      route: routeKey(route),
      method: event.requestContext?.http?.method,
      status: response?.statusCode,
      duration_ms: Math.round(durationMs),
      ...edge.meter?.request({ route: routeKey(route), status, durationMs }),
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
