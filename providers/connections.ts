/** Kept connections of node:http: a call costs a fifth less CPU than with `fetch`. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import { AnswerTooLong, MAX_ANSWER_BYTES } from './failure.ts'
import type { TransportOptions } from './transport.ts'

export interface Call {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string
  readonly signal: AbortSignal
}

export interface Connections {
  /** The answer as soon as its headers are there. `release` is called when the connection is free again or lost; not when it rejects. */
  send(call: Call, release: () => void): Promise<Response>
}

export interface ConnectionsOptions extends Pick<TransportOptions, 'proxies'> {
  /** How many connections may be kept without being in use. */
  readonly unused: () => number
}

/** A connection that nobody uses is closed after this time. */
const IDLE_MS = 30_000

export function openConnections({ proxies, unused }: ConnectionsOptions): Connections {
  const kept = { keepAlive: true, timeout: IDLE_MS, ...(proxies === null ? {} : { proxyEnv: proxies }) }
  const http = new HttpAgent(kept)
  let https: HttpsAgent | null = null
  /** TLS takes 7 ms to load, which models at `http:` addresses need not wait for. */
  const secure = () => {
    const { Agent, request } = process.getBuiltinModule('node:https')
    https ??= new Agent(kept)
    return { agent: https, request }
  }

  /** Unused connections, to other addresses, make room for one that has just been opened. */
  const closeSurplus = () => {
    const idle = [http, https].flatMap((agent) =>
      Object.values(agent?.freeSockets ?? {}).flatMap((some) => some ?? []),
    )
    for (const socket of idle.slice(0, Math.max(0, idle.length - unused()))) socket.destroy()
  }

  const answered = (call: Call, release: () => void): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { url, method, signal, body } = call
      const headers = { ...Object.fromEntries(call.headers), 'accept-encoding': 'identity' }
      const client = url.protocol === 'https:' ? secure() : { agent: http, request: httpRequest }
      const request = client.request(url, { method, headers, signal, agent: client.agent })
      closeSurplus()
      let isAnswered = false
      request.once('response', (answer) => {
        isAnswered = true
        request.once('close', release)
        resolve(answer)
      })
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The other side closed a kept connection just when it was to be used again.
        const isStale = request.reusedSocket && !isAnswered && error.code === 'ECONNRESET'
        if (isStale) answered(call, release).then(resolve, reject)
        else reject(error)
      })
      request.end(body)
    })
  return { send: async (call, release) => responseOf(await answered(call, release)) }
}

/** Statuses that a Response takes no body with. */
const WITHOUT_BODY = new Set([204, 205, 304])

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 500, headersDistinct } = answer
  try {
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(headersDistinct)) {
      for (const value of values) headers.append(name, value)
    }
    if (!WITHOUT_BODY.has(status)) return new Response(bodyOf(answer), { status, headers })
    answer.resume()
    return new Response(null, { status, headers })
  } catch (error) {
    // A status or header that HTTP does not know. What is not read would keep its connection.
    answer.destroy()
    throw error
  }
}

/** Cut off at `MAX_ANSWER_BYTES`: whatever a vendor sends, this process does not run out of memory. */
function bodyOf(answer: IncomingMessage): ReadableStream {
  const body = Readable.toWeb(answer)
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) answer.destroy(new AnswerTooLong())
  })
  return body as ReadableStream
}
