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
}
