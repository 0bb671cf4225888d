import type { Edge } from '../edge.ts'
import type { Middleware } from './middleware.ts'

/** Something a caller may choose as an id: it ends up in logs and headers. */
const ACCEPTABLE = /^[\w.:-]{1,128}$/

/**
 * The id of a request: the caller's `x-request-id` when it is a plain one, else the gateway's. Every answer tells it, and
 * its place in the trace (W3C `traceparent`).
 */
export function requestId({ tracing }: Edge): Middleware {
  const stamp: Middleware['after'] = ({ response, context }) => {
    if (!response) return
    const traceparent = tracing.current()
    response.headers = {
      ...response.headers,
      'x-request-id': context.requestId,
      ...(traceparent === null ? {} : { traceparent }),
    }
  }
  return {
    before: ({ event, context }) => {
      const own = event.headers?.['x-request-id']
      context.requestId =
        own !== undefined && ACCEPTABLE.test(own)
          ? own
          : (event.requestContext?.requestId ?? context.awsRequestId)
    },
    after: stamp,
    onError: stamp,
  }
}
