/** How full something with a limited number of places is. */
export interface Occupancy {
  readonly limit: number
  readonly inUse: number
  readonly waiting: number
}

/** A limited number of places of one process, given out in the order in which they were asked for. */
export class Slots {
  readonly limit: number
  #inUse = 0
  /** Who waits, oldest first; each call hands over a place. */
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.limit = limit
  }

  occupancy(): Occupancy {
    return { limit: this.limit, inUse: this.#inUse, waiting: this.#waiting.size }
  }

  /**
   * Takes a place, waiting for one if need be. What it answers gives the place back; further calls of it do nothing.
   * Rejects with the signal's reason.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const free = this.takeFree()
    if (free !== null) return free
    await this.#turn(signal)
    return this.#release()
  }

  /** Takes a place if one is free; else null. */
  takeFree(): (() => void) | null {
    if (this.#inUse >= this.limit) return null
    this.#inUse += 1
    return this.#release()
  }

  #release(): () => void {
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#giveBack()
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      this.#waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** A place goes straight to the next one who waits, so that nobody who comes now overtakes. */
  #giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#inUse -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
