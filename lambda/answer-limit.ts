import { Fault } from '../agents/ports/fault.ts'

/** Bytes of an answer as Lambda sends it on, its body written once more as JSON text: of its 6 MB some are for headers. */
const MAX_ANSWER_BYTES = 6_000_000

/** More bytes than that no character takes when it is written as JSON: `\u0000`. */
const LONGEST_CHARACTER = 6

/**
 * A body that Lambda can answer with: what is larger would come to the caller as a 502 that says nothing. Throws
 * `export_too_large`.
 */
export function withinLimit(body: string): string {
  if (
    body.length * LONGEST_CHARACTER > MAX_ANSWER_BYTES &&
    Buffer.byteLength(JSON.stringify(body)) > MAX_ANSWER_BYTES
  )
    throw new Fault('export_too_large', { format: 'answer', limit: MAX_ANSWER_BYTES })
  return body
}
