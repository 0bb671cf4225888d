/** The API function: every route of the HTTP API comes here, with its route key. */
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { gatewayHandler } from './gateway-handler.ts'
import { processEdge, systemOfProcess } from './process.ts'

const edge = processEdge(systemOfProcess())
const answer = gatewayHandler(edge)

export const handler = async (
  event: unknown,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const answered = await answer(event, context)
  // Lambda stops the process when the answer is out.
  await edge.tracing.flush()
  return answered
}
