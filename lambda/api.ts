/** The API function: every route of the HTTP API comes here, with its route key. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { createHandlers } from './handlers.ts'
import { processEdge, systemOfProcess } from './process.ts'
import { ROUTES, routeKey } from './routes.ts'

const edge = processEdge(systemOfProcess())
const handlers = createHandlers(edge)
const fallback = handlers.get(routeKey(ROUTES.at(-1)!))!

export const handler = async (
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const answer = await (handlers.get(event.routeKey) ?? fallback)(event, context)
  // Lambda stops the process when the answer is out.
  await edge.tracing.flush()
  return answer
}
