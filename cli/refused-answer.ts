import { randomUUID } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { requestIdOf } from '../lambda/middleware/request-id.ts'
import { SECURITY_HEADERS } from '../lambda/middleware/security-headers.ts'
import type { ErrorCode } from '../lambda/refusal.ts'
import { answeredIn } from '../runtime/tracing/trace-context.ts'

/** What the server refuses before any handler sees it. */
export interface Refused {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  /** Whole seconds after which it may go better. */
  readonly retryAfterSeconds?: number
}

/** A refusal that has been answered, for the log and the figures. */
export interface ToldRefusal {
  readonly requestId: string
  readonly traceparent: string
  /** None: what came was no request. */
  readonly request: IncomingMessage | null
  readonly status: number
  readonly code: ErrorCode
  /** From the request to its refusal; 0 where there was no request. */
  readonly durationMs: number
}

/** Is told of each refusal. */
export type OnRefused = (refusal: ToldRefusal) => void

/** What is known of the request. */
interface Origin {
  /** The server's own id of it; the caller's comes first. */
  readonly requestId?: string
  readonly request?: IncomingMessage | undefined
  /** When it came, ms of `performance.now()`. */
  readonly startedAt?: number
}

/** The answer in the shape of all errors; the connection is closed behind it. */
export function refusedAnswer(
  refused: Refused,
  onRefused: OnRefused,
  { requestId: ownId = randomUUID(), request, startedAt }: Origin = {},
) {
  const requestId = requestIdOf(request?.headersDistinct['x-request-id']?.join(','), ownId)
  const traceparent = answeredIn(request?.headersDistinct.traceparent?.join(','))
  onRefused({
    requestId,
    traceparent,
    request: request ?? null,
    status: refused.status,
    code: refused.code,
    durationMs: startedAt === undefined ? 0 : performance.now() - startedAt,
  })
  return answerOf(refused, { requestId, traceparent })
}

/** The same without anybody being told. */
export const answerOf = (
  { status, code, message, retryAfterSeconds }: Refused,
  { requestId, traceparent }: Pick<ToldRefusal, 'requestId' | 'traceparent'>,
) => ({
  statusCode: status,
  headers: {
    connection: 'close',
    'content-type': 'application/json',
    ...SECURITY_HEADERS,
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    'x-request-id': requestId,
    traceparent,
  },
  body: JSON.stringify({ error: STATUS_CODES[status], message, code, request_id: requestId }),
})

/** An answer as it goes over the wire. */
export function wireText({ statusCode, headers, body }: ReturnType<typeof answerOf>): string {
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`
}

/** Writes the answer on a connection on which nobody else answers, and closes it. */
export function refuseOn(
  socket: Duplex,
  refused: Refused,
  onRefused: OnRefused,
  request?: IncomingMessage,
): void {
  socket.end(wireText(refusedAnswer(refused, onRefused, { request })), () => socket.destroy())
}
