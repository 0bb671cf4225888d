// A model that costs nothing: OpenAI's chat-completions wire format, a tool call first, then its result as the answer.
// Runs as a process of its own, so that its CPU is nobody's; prints its base URL.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Message {
  readonly role: string
  readonly content: string | null
}

const read = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

const server = createServer(async (request, response) => {
  const { messages } = JSON.parse(await read(request)) as { messages: readonly Message[] }
  const last = messages.at(-1)!
  const message =
    last.role === 'tool'
      ? { role: 'assistant', content: `Here it is: ${last.content}` }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: 'call_1',
              type: 'function',
              function: { name: 'lookup_order', arguments: '{"order_id":"ORD-12345"}' },
            },
          ],
        }
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o',
      choices: [{ index: 0, message, finish_reason: last.role === 'tool' ? 'stop' : 'tool_calls' }],
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    }),
  )
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`),
)
