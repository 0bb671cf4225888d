import type { Aside } from '../turn/call-context.ts'

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
  /** Those of them who had a place before, and go first. */
  readonly #returning = new Set<() => void>()

  constructor(limit: number) {
    this.limit = limit
  }

  occupancy(): Occupancy {
    return { limit: this.limit, inUse: this.#inUse, waiting: this.#waiting.size + this.#returning.size }
  }

  /**
   * Takes a place, waiting for one if need be. What it answers gives the place back; further calls of it do nothing.
   * Rejects with the signal's reason.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const free = this.takeFree()
    if (free !== null) return free
    await this.#turn(this.#waiting, signal)
    return this.#release()
  }

  /**
   * Works in a place, `taken` before. Its `aside` gives the place back for as long as something is waited for, and takes one
   * again ahead of all who have had none; `patience` limits the waiting for that. The place is given back at the end.
   */
  async workIn<T>(
    taken: () => void,
    patience: () => { readonly signal: AbortSignal; cancel(): void },
    work: (aside: Aside) => Promise<T>,
  ): Promise<T> {
    let release = taken
    const takeAgain = async (): Promise<() => void> => {
      const free = this.takeFree()
      if (free !== null) return free
      const { signal, cancel } = patience()
      try {
        signal.throwIfAborted()
        await this.#turn(this.#returning, signal)
        return this.#release()
      } finally {
        cancel()
      }
    }
    try {
      return await work(async (wait) => {
        release()
        const waitedFor = await wait()
        release = await takeAgain()
        return waitedFor
      })
    } finally {
      release()
    }
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

  #turn(queue: Set<() => void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(enter)
        reject(signal.reason)
      }
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      queue.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** A place goes straight to the next one who waits, so that nobody who comes now overtakes. */
  #giveBack(): void {
    const queue = this.#returning.size > 0 ? this.#returning : this.#waiting
    const [next] = queue
    if (next === undefined) {
      this.#inUse -= 1
      return
    }
    queue.delete(next)
    next()
  }
}
