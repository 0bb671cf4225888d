import { createServer } from 'node:http'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import type { SignedRequest } from './aws-signature.ts'
import { listenOnLoopback } from './loopback.ts'

export interface BedrockReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string or bytes as they are. */
  readonly body: unknown
  /** The connection is cut after the body. */
  readonly cut?: boolean
}

export interface BedrockRequest extends SignedRequest {
  /** Decoded: `/model/anthropic.claude-3-haiku-20240307-v1:0/converse`. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer of Converse with these blocks. */
export const converseAnswer = (
  content: readonly unknown[],
  fields: Readonly<Record<string, unknown>> = {},
): BedrockReply => ({
  body: {
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
    metrics: { latencyMs: 5 },
    ...fields,
  },
})

/** An error as Bedrock words it: its name is in a header. */
export const bedrockError = (
  status: number,
  name: string,
  message = 'scripted',
  headers: Readonly<Record<string, string>> = {},
): BedrockReply => ({
  status,
  headers: { 'x-amzn-errortype': `${name}:http://internal.amazon.com/`, ...headers },
  body: { message },
})

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
)

const frame = (headers: Readonly<Record<string, string>>, body: unknown): Buffer =>
  Buffer.from(
    codec.encode({
      headers: Object.fromEntries(
        Object.entries({ ...headers, ':content-type': 'application/json' }).map(([name, value]) => [
          name,
          { type: 'string', value },
        ]),
      ),
      body: Buffer.from(JSON.stringify(body)),
    }),
  )

/** A frame of ConverseStream, such as `contentBlockDelta`. */
export const event = (type: string, body: unknown): Buffer =>
  frame({ ':message-type': 'event', ':event-type': type }, body)

/** An error in the middle of a stream, such as `throttlingException`. */
export const exception = (type: string): Buffer =>
  frame({ ':message-type': 'exception', ':exception-type': type }, { message: 'scripted' })

export const converseStream = (...frames: readonly Buffer[]): BedrockReply => ({
  headers: { 'content-type': 'application/vnd.amazon.eventstream' },
  body: Buffer.concat(frames),
})

/** A real HTTP server on loopback that speaks Bedrock's Converse API as scripted. Closed after the test file. */
export async function startBedrockServer(...replies: readonly BedrockReply[]) {
  const requests: BedrockRequest[] = []
  const left = [...replies]
  let heard = () => {}
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { method = '', url = '', headers: given } = request
    requests.push({
      method,
      url,
      path: decodeURIComponent(url),
      headers: given,
      text,
      body: text === '' ? {} : JSON.parse(text),
    })
    heard()
    const { status = 200, headers, body, cut } = left.shift() ?? bedrockError(418, 'ScriptExhausted')
    const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    if (cut) response.write(sent, () => response.destroy())
    else response.end(sent)
  })
  return {
    url: await listenOnLoopback(server),
    requests,
    script: (...more: readonly BedrockReply[]) => void left.push(...more),
    /** Called before the answer of each request. */
    onRequest: (listener: () => void) => {
      heard = listener
    },
  }
}
