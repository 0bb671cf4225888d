import type { Readable } from 'node:stream'
import middy from '@middy/core'
import { executionModeStreamifyResponse } from '@middy/core/executionModeStreamifyResponse'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import type { Edge } from './edge.ts'
import { gatewayHandler } from './gateway-handler.ts'

/** What the runtime streams: status and headers first, then the body. */
interface StreamedResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Readable
}

/**
 * The streaming front door (docs/decisions/008): the routes that stream, through the same handlers as behind the HTTP API. A
 * turn runs in this very function, which is there until the turn is over, whoever still listens.
 */
export function streamHandler(edge: Edge) {
  const answerOf = gatewayHandler(edge)
  return middy<APIGatewayProxyEvent, StreamedResponse>({
    executionMode: executionModeStreamifyResponse,
    async requestEnd() {
      const system = await edge.system().catch(() => null)
      await system?.turns.idle()
      await edge.tracing.flush()
    },
  }).handler(async (event: APIGatewayProxyEvent, context: Context): Promise<StreamedResponse> => {
    const { statusCode = 200, headers = {}, body = '', stream = body } = await answerOf(event, context)
    return {
      statusCode,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      body: stream,
    }
  })
}
