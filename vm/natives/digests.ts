/** `crypto_*`: digests by the host; base64 and hex of a text's UTF-8 bytes. */
import { choices } from '../../bytecode/choices.ts'
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../host.ts'
import type { Arguments } from './arguments.ts'
import { type Native, plain } from './native.ts'

export const CRYPTO: readonly Native[] = [
  plain('crypto_uuid_v4()', 'A random identifier.', (call) => call.host.uuid()),
  plain(
    'crypto_hash(algorithm, text)',
    'Digest of a text, in hex: sha256, sha384, sha512, sha1 or md5.',
    (call) => {
      const text = walked(call, 1)
      return call.host.digest(algorithmOf(call), text, null)
    },
  ),
  plain('crypto_hmac(algorithm, key, text)', 'Keyed digest (HMAC) of a text, in hex.', (call) => {
    const [key, text] = [walked(call, 1), walked(call, 2)]
    return call.host.digest(algorithmOf(call), text, key)
  }),
  plain('crypto_base64_encode(text)', 'Base64 of a text.', (call) => {
    const bytes = UTF8.encode(walked(call, 0))
    call.meter.text(Math.ceil(bytes.length / 3) * 4)
    return btoa(latin(bytes))
  }),
  plain('crypto_base64_decode(text)', 'The text of a base64; nil when it is none, or no UTF-8.', (call) => {
    const text = walked(call, 0)
    return text.length % 4 === 0 && BASE64.test(text)
      ? utf8(Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0)))
      : null
  }),
  plain('crypto_hex_encode(text)', 'Hex digits of a text, two for each byte.', (call) => {
    const bytes = UTF8.encode(walked(call, 0))
    call.meter.text(bytes.length * 2)
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }),
  plain('crypto_hex_decode(text)', 'The text of hex digits; nil when they are none, or no UTF-8.', (call) => {
    const text = walked(call, 0)
    return text.length % 2 === 0 && HEX.test(text)
      ? utf8(
          Uint8Array.from({ length: text.length / 2 }, (_, at) =>
            Number.parseInt(text.substr(at * 2, 2), 16),
          ),
        )
      : null
  }),
]

const UTF8 = new TextEncoder()
/** Of texts in fours and in twos: a pattern that counted would need room for each group. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const HEX = /^[0-9a-fA-F]*$/
/** Arguments of one call of fromCharCode. */
const PIECE = 4096

/** A text that the native will walk through, paid for. */
function walked(call: Arguments, index: number): string {
  const text = call.text(index)
  call.meter.charge(text.length >> 4)
  return text
}

function algorithmOf(call: Arguments): DigestAlgorithm {
  const name = call.text(0).toLowerCase().replace('-', '')
  const algorithm = DIGEST_ALGORITHMS.find((known) => known === name)
  if (algorithm === undefined) throw call.wrong(0, choices(DIGEST_ALGORITHMS))
  return algorithm
}

/** One character a byte. */
function latin(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  }
  return text
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
