import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_BODY_BYTES } from '../lambda/middleware/json-body.ts'
import { type OnRefused, type Refused, refuseOn } from './refused-answer.ts'

/** Bytes of all headers of a request. */
export const MAX_HEADER_BYTES = 16 * 1024

/** What Node's parser, or its clock, says of a request. */
type ClientError = Error & {
  readonly code?: string
  readonly reason?: string
  /** What the parser was reading, and how far it came. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** A request line (RFC 9112, 3), and its method. */
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) \S+ HTTP\/1\.[01]\r?\n/

/** The method that Node's parser stumbled over; null: it is no well-formed request line. */
function unknownMethod({ code, rawPacket, bytesParsed = 0 }: ClientError): string | null {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined) return null
  const line = rawPacket.subarray(rawPacket.lastIndexOf('\n', bytesParsed) + 1)
  return REQUEST_LINE.exec(line.toString('latin1'))?.[1] ?? null
}

function refusedBy(error: ClientError): Refused {
  const { code, reason, message } = error
  const method = unknownMethod(error)
  if (method !== null) {
    return {
      status: 501,
      code: 'method_unknown',
      message: `${method} is no method that this server knows; methods are written in capitals`,
    }
  }
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        code: 'headers_too_large',
        message: `the headers are larger than ${MAX_HEADER_BYTES} bytes`,
      }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return {
        status: 413,
        code: 'body_too_large',
        message: `the extensions of a chunk are too large; the body may have ${MAX_BODY_BYTES} bytes`,
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'request_timeout', message: 'the request did not arrive in time' }
    default:
      return {
        status: 400,
        code: 'bad_request',
        message: `the request is not well-formed HTTP: ${reason ?? message}`,
      }
  }
}

/** The newest request of a connection. */
interface InHand {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly served: Promise<void>
}

/** Answers what never became a request, once for each connection, behind the answers that are under way on it. */
export class ClientErrors {
  readonly #inHand = new WeakMap<Duplex, InHand>()
  readonly #refused = new WeakSet<Duplex>()
  readonly #onRefused: OnRefused

  constructor(onRefused: OnRefused) {
    this.#onRefused = onRefused
  }

  /** Tells of a request that has come in. */
  took(inHand: InHand): void {
    this.#inHand.set(inHand.request.socket, inHand)
  }

  /** A listener of `clientError`. */
  async answer(error: ClientError, socket: Duplex): Promise<void> {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    const last = this.#inHand.get(socket)
    if (last?.request.complete) await last.served
    // Of a request that broke off in its body, the answer may have begun.
    const broken = last?.request.complete === false ? last : undefined
    if (!socket.writable || broken?.response.headersSent) socket.destroy()
    else refuseOn(socket, refusedBy(error), this.#onRefused, broken?.request)
  }
}
