import type { DigestAlgorithm } from '../../vm/host.ts'

export interface Ids {
  /** A new identifier: 26 characters, sortable by the time it was made, safe in paths and URLs. */
  next(): string
  uuid(): string
  /** 0 <= x < 1. */
  random(): number
}

export interface Hash {
  /** Lower-case hex. */
  sha256(text: string): string
  /** Digest of a text's UTF-8 bytes in lower-case hex, an HMAC when there is a key. */
  digest(algorithm: DigestAlgorithm, text: string, key: string | null): string
}
