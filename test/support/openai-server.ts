import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll } from '@jest/globals'

/** What the server answers to one request. */
export type ScriptedReply =
  | {
      readonly text?: string | null
      readonly toolCalls?: readonly {
        readonly id?: string
        readonly name: string
        /** JSON text, or text that is none. */
        readonly arguments: string
      }[]
      /** Null leaves usage out; by default 100 in, 20 out, 0 cached. */
      readonly usage?: { readonly in: number; readonly out: number; readonly cached?: number } | null
      readonly finish?: 'stop' | 'tool_calls' | 'length' | 'content_filter'
      readonly delayMs?: number
      /** Answers when this has happened. */
      readonly after?: Promise<unknown>
    }
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** OpenAI's `error.code`. */
      readonly code?: string
      readonly message?: string
    }
  /** Any body with status 200. */
  | { readonly raw: string; readonly contentType?: string }
  /** Accepts the request and never answers, or cuts the connection. */
  | { readonly fault: 'hang' | 'reset' }
  /** Begins an answer and cuts the connection in its middle, sends it without end, or a byte at a time and never the last. */
  | { readonly fault: 'cut' | 'flood' | 'drip' }

export interface WireMessage {
  readonly role: string
  readonly content: string | null
  readonly tool_calls?: readonly {
    readonly id: string
    readonly function: { readonly name: string; readonly arguments: string }
  }[]
  readonly tool_call_id?: string
}

export interface RecordedRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly model: string
    readonly messages: readonly WireMessage[]
    /** Of a request for embeddings. */
    readonly input?: readonly string[]
    readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: unknown } }[]
    readonly temperature?: number
    readonly max_tokens?: number
    readonly stream?: boolean
    readonly max_completion_tokens?: number
  }
}

export type Responder = ScriptedReply | ((request: RecordedRequest) => ScriptedReply)

export interface OpenAIServer {
  /** Base URL for the client: `http://127.0.0.1:PORT/v1`. */
  readonly url: string
  /** All requests so far, oldest first. */
  readonly requests: readonly RecordedRequest[]
  /** Connections so far, those open now, and the most that were open at once. */
  readonly connections: { readonly total: number; readonly open: number; readonly most: number }
  /** Adds replies, one a request. A request beyond the script gets status 418. */
  script(...replies: readonly Responder[]): void
  /** Answers every request that the script does not. */
  always(reply: Responder): void
  /** Closes all connections; new ones are taken. */
  dropConnections(): void
  close(): Promise<void>
}

/** A real HTTP server on loopback that speaks OpenAI's chat completions as scripted. Closed after the test file. */
export async function startOpenAIServer(): Promise<OpenAIServer> {
  const requests: RecordedRequest[] = []
  const replies: Responder[] = []
  let otherwise: Responder = { status: 418, code: 'script_exhausted' }

  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy())
  })
  const connections = { total: 0, open: 0, most: 0 }
  server.on('connection', (socket) => {
    connections.total += 1
    connections.open += 1
    connections.most = Math.max(connections.most, connections.open)
    socket.once('close', () => {
      connections.open -= 1
    })
  })
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const recorded: RecordedRequest = {
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    }
    requests.push(recorded)
    const responder = replies.shift() ?? otherwise
    await answer(response, typeof responder === 'function' ? responder(recorded) : responder, recorded)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  running.add(close)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    connections,
    script: (...more) => void replies.push(...more),
    always: (reply) => {
      otherwise = reply
    },
    dropConnections: () => server.closeAllConnections(),
    close: () => {
      running.delete(close)
      return close()
    },
  }
}

const running = new Set<() => Promise<void>>()
afterAll(async () => {
  await Promise.all([...running].map((close) => close()))
})

async function answer(
  response: ServerResponse,
  reply: ScriptedReply,
  request: RecordedRequest,
): Promise<void> {
  if ('fault' in reply) {
    if (reply.fault === 'reset') response.socket?.resetAndDestroy()
    if (reply.fault === 'cut' && request.body.stream) {
      const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Half' } }] })}\n\n`
      response.writeHead(200, EVENT_STREAM).write(event, () => response.destroy())
    } else if (reply.fault === 'cut')
      response.writeHead(200, JSON_BODY).write('{"choices": [', () => response.destroy())
    if (reply.fault === 'flood') flood(response.writeHead(200, JSON_BODY))
    if (reply.fault === 'drip') drip(response.writeHead(200, JSON_BODY))
    return
  }
  if ('raw' in reply) {
    response.writeHead(200, { 'content-type': reply.contentType ?? 'application/json' }).end(reply.raw)
    return
  }
  if ('status' in reply) {
    const error = {
      message: reply.message ?? 'scripted',
      type: 'scripted',
      param: null,
      code: reply.code ?? null,
    }
    response.writeHead(reply.status, { ...JSON_BODY, ...reply.headers }).end(JSON.stringify({ error }))
    return
  }
  if (reply.delayMs) await wait(reply.delayMs)
  await reply.after
  const whole = completion(reply, request)
  if (request.body.stream) response.writeHead(200, EVENT_STREAM).end(chunksOf(whole))
  else response.writeHead(200, JSON_BODY).end(JSON.stringify(whole))
}

const EVENT_STREAM = { 'content-type': 'text/event-stream' }

/** The same as it is streamed: text by words, each tool call in two parts, usage at the end. */
function chunksOf({ choices, usage, ...rest }: ReturnType<typeof completion>): string {
  const { message, finish_reason } = choices[0]!
  const calls = message.tool_calls ?? []
  const deltas = [
    { role: message.role, content: '' },
    ...(message.content?.match(/\S+\s*/g) ?? []).map((content) => ({ content })),
    ...calls.flatMap(({ id, type, function: { name, arguments: given } }, index) => [
      { tool_calls: [{ index, id, type, function: { name, arguments: given.slice(0, 1) } }] },
      { tool_calls: [{ index, function: { arguments: given.slice(1) } }] },
    ]),
  ]
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }], usage: null })),
    { choices: [{ index: 0, delta: {}, finish_reason }], usage: null },
    ...(usage === undefined ? [] : [{ choices: [], usage }]),
  ]
  const events = chunks.map((chunk) => JSON.stringify({ ...rest, ...chunk, object: 'chat.completion.chunk' }))
  return [...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
}

const JSON_BODY = { 'content-type': 'application/json' }

function flood(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(1 << 16)));
  }
  response.on('drain', more)
  more()
}

function drip(response: ServerResponse): void {
  response.write(' ')
  const timer = setInterval(() => response.write(' '), 5)
  response.on('close', () => clearInterval(timer))
}

let completions = 0

function completion(
  reply: Exclude<ScriptedReply, { raw: string } | { status: number } | { fault: string }>,
  request: RecordedRequest,
) {
  completions++
  const calls = reply.toolCalls ?? []
  const usage = reply.usage === undefined ? { in: 100, out: 20 } : reply.usage
  return {
    id: `chatcmpl-${completions}`,
    object: 'chat.completion',
    created: 1_767_225_600,
    model: request.body.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.text ?? (calls.length > 0 ? null : ''),
          refusal: null,
          ...(calls.length > 0
            ? {
                tool_calls: calls.map((call, index) => ({
                  id: call.id ?? `call_${completions}_${index}`,
                  type: 'function',
                  function: { name: call.name, arguments: call.arguments },
                })),
              }
            : {}),
        },
        logprobs: null,
        finish_reason: reply.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
      },
    ],
    ...(usage === null
      ? {}
      : {
          usage: {
            prompt_tokens: usage.in,
            completion_tokens: usage.out,
            total_tokens: usage.in + usage.out,
            prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
          },
        }),
  }
}
