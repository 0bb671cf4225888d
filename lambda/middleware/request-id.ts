import type { Middleware } from './middleware.ts'

/** Something a caller may choose as an id: it ends up in logs and headers. */
const ACCEPTABLE = /^[\w.:-]{1,128}$/

/** The id of a request: the caller's `x-request-id` when it is a plain one, else the gateway's; sent back with every answer. */
export function requestId(): Middleware {
  const stamp: Middleware['after'] = ({ response, context }) => {
    if (response) response.headers = { ...response.headers, 'x-request-id': context.requestId }
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
