import type { Hash } from '../../agents/ports/ids.ts'

const LONGEST_KEY = 1024
/** Longer encoded names are cut and hashed: many file systems stop at 143 or 255 bytes. */
const LONGEST_PLAIN = 120
const KEPT_OF_LONG = 40

const PLAIN = /[A-Za-z0-9_-]/
const ALL_PLAIN = /^[A-Za-z0-9_-]*$/

/** Why a name cannot be kept, null when it can. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'it is empty'
  if (name.includes('\0')) return 'it contains a NUL'
  if (!name.isWellFormed()) return 'it is not valid Unicode'
  const bytes = Buffer.byteLength(name)
  return bytes > LONGEST_KEY ? `it has ${bytes} bytes; ${LONGEST_KEY} are allowed` : null
}

/** Upper-case letters as a hexadecimal bit mask, one bit a letter: what a case-folding disk would forget. */
function caseMask(name: string): string {
  const bits = [...name].filter((c) => /[A-Za-z]/.test(c)).map((c) => (c < 'a' ? '1' : '0'))
  return bits.includes('1') ? BigInt(`0b1${bits.join('')}`).toString(16) : ''
}

/**
 * Session keys, agent names and ids as one part of a path, by encoding and never by cleaning (reliability 2.9):
 * letters, digits, `_` and `-` stay, every other byte becomes `%XX`, the dot included. Two names never share a part,
 * also on disks that fold case (`~` and a mask of the upper-case letters) or normalise Unicode. At most 160 bytes.
 */
export function encodeName(name: string, options: { hash: Hash; foldsCase: boolean }): string {
  const encoded = ALL_PLAIN.test(name) ? name : escaped(name)
  if (encoded.length > LONGEST_PLAIN) return `${encoded.slice(0, KEPT_OF_LONG)}~${options.hash.sha256(name)}`
  const mask = options.foldsCase ? caseMask(name) : ''
  return mask === '' ? encoded : `${encoded}~${mask}`
}

function escaped(name: string): string {
  let text = ''
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte)
    text += PLAIN.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** The name behind a part of a path; null when it was too long to be kept in it. */
export function decodeName(part: string): string | null {
  const [encoded, suffix] = part.split('~', 2) as [string, string?]
  if (suffix !== undefined && suffix.length === 64) return null
  const bytes: number[] = []
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] === '%') {
      bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16))
      i += 2
    } else bytes.push(encoded.charCodeAt(i))
  }
  return Buffer.from(bytes).toString('utf8')
}
