import { stripVTControlCharacters } from 'node:util'

/** Of each stream; the first and the last half are kept. */
export const MAX_OUTPUT_BYTES = 256 * 1024

/** A command that has printed this much on both streams is ended: nobody will read it, and it would never stop by itself. */
export const MAX_FLOOD_BYTES = 256 * 1024 * 1024

/** What a terminal would act upon and a log or a model should not see; tab and line ends stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g

/** Collects a stream without ever holding more than MAX_OUTPUT_BYTES and one chunk. */
export class CappedOutput {
  readonly #half = MAX_OUTPUT_BYTES / 2
  readonly #head: Buffer[] = []
  #headBytes = 0
  #tail: Buffer[] = []
  #tailBytes = 0
  #dropped = 0

  push(chunk: Buffer): void {
    const room = this.#half - this.#headBytes
    const first = chunk.subarray(0, room)
    if (first.length > 0) {
      this.#head.push(first)
      this.#headBytes += first.length
    }
    const rest = chunk.subarray(first.length)
    if (rest.length === 0) return
    this.#tail.push(rest)
    this.#tailBytes += rest.length
    while (this.#tailBytes > this.#half) this.#dropFromTail()
  }

  #dropFromTail(): void {
    const oldest = this.#tail[0]!
    const excess = Math.min(oldest.length, this.#tailBytes - this.#half)
    if (excess === oldest.length) this.#tail.shift()
    else this.#tail[0] = oldest.subarray(excess)
    this.#tailBytes -= excess
    this.#dropped += excess
  }

  /** Text: bytes that are no UTF-8 are replaced, escape sequences are taken out, a gap is told. */
  text(): string {
    const head = Buffer.concat(this.#head)
    const tail = Buffer.concat(this.#tail)
    const joined =
      this.#dropped === 0
        ? Buffer.concat([head, tail]).toString()
        : `${head.toString()}\n[... ${this.#dropped} bytes left out ...]\n${tail.toString()}`
    return stripVTControlCharacters(joined).replace(CONTROL, '')
  }
}
