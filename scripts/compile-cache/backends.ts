// What the functions talk to while their compile cache is made, all of it on loopback: Lambda's Runtime API, Secrets Manager
// and a model.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Backends {
  /** Variables by which the functions find all of them. */
  readonly environment: Readonly<Record<string, string>>
  /** Resolves when the runtime has answered its one invocation, rejects with the error it tells. */
  readonly played: Promise<void>
  close(): void
}

const KEY = 'key-while-the-image-is-built'

/** `event` is what the runtime gets as its one invocation, together with the key that the functions take. */
export async function startBackends(event: object): Promise<Backends> {
  const { promise: played, resolve, reject } = Promise.withResolvers<void>()
  let asked = false
  const routes: readonly (readonly [path: RegExp, answer: Answer])[] = [
    [
      /\/invocation\/next$/,
      (_, response) => {
        // no second one: the runtime waits until it is ended
        if (asked) return
        asked = true
        response.setHeader('lambda-runtime-aws-request-id', 'build')
        response.setHeader('lambda-runtime-deadline-ms', String(Date.now() + 60_000))
        response.setHeader('lambda-runtime-invoked-function-arn', ARN)
        send(response, { ...event, key: KEY })
      },
    ],
    [
      /\/invocation\/build\/response$/,
      (_, response) => {
        accept(response)
        resolve()
      },
    ],
    [
      /\/error$/,
      (body, response) => {
        accept(response)
        reject(new Error(`the runtime failed: ${body}`))
      },
    ],
    [/\/chat\/completions$/, (body, response) => send(response, completion(body))],
    [/^\/$/, (_, response) => send(response, { SecretString: JSON.stringify(SECRETS) })],
  ]
  const server = createServer(async (request, response) => {
    const body = await read(request)
    const path = request.url ?? ''
    const route = routes.find(([pattern]) => pattern.test(path))
    try {
      if (route) route[1](body, response)
      else response.writeHead(404).end()
    } catch (error) {
      reject(error)
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    environment: {
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'build',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      // the runtime takes no invocation without them
      AWS_LAMBDA_LOG_GROUP_NAME: 'build',
      AWS_LAMBDA_LOG_STREAM_NAME: 'build',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}`,
      NEAM_SECRET_ARN: ARN,
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    },
    played,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Answer = (body: string, response: ServerResponse) => void

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:build'
const SECRETS = { NEAM_API_KEY: KEY, OPENAI_API_KEY: 'none' }

/** A call of `lookup_order` first, then its result as the answer. */
function completion(body: string): object {
  const { messages } = JSON.parse(body) as { messages: readonly { role: string; content: string }[] }
  const last = messages.at(-1)!
  const call = { name: 'lookup_order', arguments: '{"order_id":"ORD-12345"}' }
  const [message, finish] =
    last.role === 'tool'
      ? [{ content: last.content }, 'stop']
      : [{ content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call }] }, 'tool_calls']
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  }
}

const accept = (response: ServerResponse): void => {
  response.writeHead(202).end()
}

const send = (response: ServerResponse, value: object): void => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
