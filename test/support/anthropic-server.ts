import { createServer, type IncomingHttpHeaders } from 'node:http'
import { listenOnLoopback } from './loopback.ts'

export interface AnthropicReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string as it is. */
  readonly body: unknown
}

export interface AnthropicRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer of the Messages API with these blocks. */
export const anthropicMessage = (
  content: readonly unknown[],
  fields: Readonly<Record<string, unknown>> = {},
): AnthropicReply => ({
  body: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-20250514',
    content,
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 20 },
    ...fields,
  },
})

/** An error as the Messages API words it. */
export const anthropicError = (
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): AnthropicReply => ({ status, headers, body: { type: 'error', error: { type, message: 'scripted' } } })

/** A real HTTP server on loopback that speaks Anthropic's Messages API as scripted. Closed after the test file. */
export async function startAnthropicServer(...replies: readonly AnthropicReply[]) {
  const requests: AnthropicRequest[] = []
  const left = [...replies]
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    })
    const { status = 200, headers, body } = left.shift() ?? anthropicError(418, 'script_exhausted')
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return {
    url: await listenOnLoopback(server),
    requests,
    script: (...more: readonly AnthropicReply[]) => void left.push(...more),
  }
}
