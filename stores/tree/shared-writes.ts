/**
 * Writes of one file that its writers share. What is to be written is known when a write begins, and so all who ask while one is
 * under way are content with the next: however many there are, nobody waits for more than two.
 */
export class SharedWrites {
  readonly #write: () => Promise<void>
  #running: Promise<void> = Promise.resolve()
  /** Asked for, and not begun. */
  #next: Promise<void> | null = null

  constructor(write: () => Promise<void>) {
    this.#write = write
  }

  /** Resolves when a write is over that began after this call; rejects with what that write threw. */
  written(): Promise<void> {
    this.#next ??= this.#after(this.#running)
    return this.#next
  }

  async #after(running: Promise<void>): Promise<void> {
    // Who asked for that one is told of its failure.
    await running.catch(() => {})
    this.#running = this.#next ?? running
    this.#next = null
    await this.#write()
  }
}
