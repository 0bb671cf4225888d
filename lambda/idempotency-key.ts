import type { Hash } from '../agents/ports/ids.ts'
import type { RouteRequest } from './edge.ts'
import { Refusal } from './refusal.ts'

const VALID = /^[\x21-\x7e]{1,255}$/

/** The request's Idempotency-Key, null when it has none. Throws a Refusal for one that cannot be told from others. */
export function idempotencyKeyOf({ event }: RouteRequest): string | null {
  const given = event.headers?.['idempotency-key']?.trim() ?? null
  if (given !== null && !VALID.test(given)) {
    throw new Refusal(400, 'bad_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  }
  return given
}

/** The id of what a key stands for at `place`: the same key at the same place is the same thing. */
export const idOfKey = (hash: Hash, place: readonly string[], key: string): string =>
  `i${hash.sha256(JSON.stringify([...place, key])).slice(0, 40)}`
