import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Edge, HandlerAnswer } from './edge.ts'
import type { Route } from './routes.ts'

/** Answers a request within a server span, by OpenTelemetry's conventions for HTTP, as part of the caller's trace. */
export async function traceRequest(
  { tracing }: Edge,
  route: Route,
  event: APIGatewayProxyEventV2,
  answer: () => Promise<HandlerAnswer>,
): Promise<HandlerAnswer> {
  const method = event.requestContext?.http?.method ?? route.method
  const start = {
    name: `${method} ${route.path}`,
    kind: 'server',
    attributes: {
      'http.request.method': method,
      'http.route': route.path,
      'url.path': event.rawPath,
      'url.scheme': event.headers?.['x-forwarded-proto'] ?? 'http',
    },
  } as const
  return await tracing.continued(event.headers?.traceparent, () =>
    tracing.span(start, async (span) => {
      const answered = await answer()
      const { statusCode = 200 } = answered
      span.set({ 'http.response.status_code': statusCode })
      if (statusCode >= 500) span.fail(String(statusCode))
      return answered
    }),
  )
}
