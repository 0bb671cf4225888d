/** The primitive encodings of `.neamb`: little-endian numbers, UTF-8 texts with a length, counted lists. */
import { ModuleError } from './module-error.ts'

export class ByteWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Where `count` more bytes may be written. */
  #claim(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  u8(value: number): void {
    const at = this.#claim(1)
    this.#view.setUint8(at, value)
  }

  u32(value: number): void {
    const at = this.#claim(4)
    this.#view.setUint32(at, value, true)
  }

  f64(value: number): void {
    const at = this.#claim(8)
    this.#view.setFloat64(at, value, true)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length)
    this.#bytes.set(bytes, at)
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.u32(bytes.length)
    this.raw(bytes)
  }

  list<T>(items: readonly T[], item: (value: T) => void): void {
    this.u32(items.length)
    items.forEach(item)
  }

  words(words: Int32Array): void {
    this.u32(words.length)
    let at = this.#claim(words.length * 4)
    for (const word of words) {
      this.#view.setInt32(at, word, true)
      at += 4
    }
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Reads within `[offset, end)` of some bytes and never beyond. Every read throws ModuleError `truncated`. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = offset
    this.#end = end
  }

  get offset(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  #take(count: number, what: string): number {
    if (count > this.remaining) {
      const data = { what, needed: count, left: this.remaining }
      throw new ModuleError(
        'truncated',
        `the bytecode ends inside ${what} (needs ${count} bytes, ${this.remaining} left)`,
        data,
        this.#at,
      )
    }
    const at = this.#at
    this.#at += count
    return at
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#take(1, what))
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#take(4, what), true)
  }

  f64(what: string): number {
    return this.#view.getFloat64(this.#take(8, what), true)
  }

  raw(count: number, what: string): Uint8Array {
    const at = this.#take(count, what)
    return this.#bytes.subarray(at, at + count)
  }

  text(what: string): string {
    const length = this.u32(what)
    const bytes = this.raw(length, what)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      throw this.malformed(`${what} is not UTF-8`)
    }
  }

  /** A count of items of at least one byte each, so that no count allocates more than the file is long. */
  list<T>(what: string, item: () => T): T[] {
    const count = this.u32(`the number of ${what}`)
    if (count > this.remaining) this.#take(count, what)
    return Array.from({ length: count }, item)
  }

  words(what: string): Int32Array {
    const count = this.u32(`the length of ${what}`)
    let at = this.#take(count * 4, what)
    const words = new Int32Array(count)
    for (let index = 0; index < count; index++, at += 4) words[index] = this.#view.getInt32(at, true)
    return words
  }

  /** For bytes that are all there and mean nothing. */
  malformed(problem: string): ModuleError {
    return new ModuleError('malformed', `the bytecode is malformed: ${problem}`, { problem }, this.#at)
  }
}
