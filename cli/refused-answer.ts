import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { SECURITY_HEADERS } from '../lambda/middleware/security-headers.ts'
import type { ErrorCode } from '../lambda/refusal.ts'
import { answeredIn } from '../runtime/tracing/trace-context.ts'

/** What the server refuses before any handler sees it. */
export interface Refused {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
}

/** What is known of the request. */
interface Origin {
  readonly requestId?: string
  /** As it came. */
  readonly traceparent?: string | undefined
}

/** The answer in the shape of all errors; the connection is closed behind it. */
export function refusedAnswer(
  { status, code, message }: Refused,
  { requestId = randomUUID(), traceparent }: Origin = {},
) {
  return {
    statusCode: status,
    headers: {
      connection: 'close',
      'content-type': 'application/json',
      ...SECURITY_HEADERS,
      'x-request-id': requestId,
      traceparent: answeredIn(traceparent),
    },
    body: JSON.stringify({ error: STATUS_CODES[status], message, code, request_id: requestId }),
  }
}

/** Writes the answer on a connection of which no request could be made, and closes it. */
export function refuseOn(socket: Duplex, refused: Refused): void {
  const { statusCode, headers, body } = refusedAnswer(refused)
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n`
  socket.end(`${head}${lines.join('')}\r\n${body}`, () => socket.destroy())
}
