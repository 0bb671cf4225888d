import { randomBytes } from 'node:crypto'

/** Bytes of chance that are drawn at once: a drawing costs as much as a hundred ids. */
const DRAWN = 4096

let drawn = Buffer.alloc(0)

/** So many random bytes, as good as those of `randomBytes`; nobody else gets them. `bytes` is at most 4,096. */
export function chance(bytes: number): Buffer {
  if (drawn.length < bytes) drawn = randomBytes(DRAWN)
  const taken = drawn.subarray(0, bytes)
  drawn = drawn.subarray(bytes)
  return taken
}
