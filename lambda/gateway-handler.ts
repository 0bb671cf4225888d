import type { Context } from 'aws-lambda'
import type { Edge, HandlerAnswer } from './edge.ts'
import { gatewayEvent, httpEvent } from './gateway-event.ts'
import { createHandlers } from './handlers.ts'
import { ROUTES, routeKey } from './routes.ts'

/** Answers the events of API Gateway: each by the handler of its route. Throws a Refusal for events of another kind. */
export function gatewayHandler(edge: Edge): (event: unknown, context: Context) => Promise<HandlerAnswer> {
  const handlers = createHandlers(edge)
  const fallback = handlers.get(routeKey(ROUTES.at(-1)!))!
  return async (event, context) => {
    const asked = httpEvent(gatewayEvent(event))
    return await (handlers.get(asked.routeKey) ?? fallback)(asked, context)
  }
}
