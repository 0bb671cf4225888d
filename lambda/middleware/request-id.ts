import type { Edge } from '../edge.ts'
import type { Middleware } from './middleware.ts'

/** Characters of an id that a caller chose. */
export const MAX_REQUEST_ID = 128

/** Something a caller may choose as an id: it ends up in logs and headers. */
const ACCEPTABLE = new RegExp(`^[\\w.:-]{1,${MAX_REQUEST_ID}}$`)

/** The caller's `x-request-id` when it is a plain one, else what the gateway gave. */
export const requestIdOf = (callers: string | undefined, gateways: string): string =>
  callers !== undefined && ACCEPTABLE.test(callers) ? callers : gateways

/** The id of a request. Every answer tells it, and its place in the trace (W3C `traceparent`). */
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
      context.requestId = requestIdOf(
        event.headers?.['x-request-id'],
        event.requestContext?.requestId ?? context.awsRequestId,
      )
    },
    after: stamp,
    onError: stamp,
  }
}
