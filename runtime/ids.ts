import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { Hash, Ids } from '../agents/ports/ids.ts'
import type { Clock } from '../agents/ports/time.ts'
import { chance } from './chance.ts'

/** Crockford's base 32: no letters that are read as digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LENGTH = 10
const RANDOM_LENGTH = 16

function timePart(ms: number): string {
  let rest = ms
  let text = ''
  for (let digit = 0; digit < TIME_LENGTH; digit++) {
    text = ALPHABET.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** ULIDs: ten digits of the time, sixteen of chance. */
export const systemIds = (clock: Clock): Ids => ({
  next() {
    let text = timePart(clock.now())
    for (const byte of chance(RANDOM_LENGTH)) text += ALPHABET.charAt(byte % 32)
    return text
  },
  uuid: () => randomUUID(),
  random: () => Math.random(),
})

export const systemHash: Hash = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  digest: (algorithm, text, key) =>
    (key === null ? createHash(algorithm) : createHmac(algorithm, key)).update(text).digest('hex'),
}
