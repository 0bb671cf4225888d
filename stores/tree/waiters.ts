import type { Ids } from '../../agents/ports/ids.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'

export interface PlaceInLine {
  /** Resolves when it is worth another try: it has become first, something was given back, or `ms` are over. */
  pause(ms: number): Promise<void>
  /** Whether nobody of this process waits before it for the same thing. */
  isFirst(): boolean
  /** Looks when it is first, and again and again; null when nothing was found by the end of its patience. */
  until<T>(patience: Patience, look: () => Look<T>): Promise<T | null>
  /** The next is first then, and looks. */
  leave(): void
}

export interface Patience {
  /** Ms of the clock. */
  readonly giveUpAt: number
  /** Between two looks; each pause is twice the one before. */
  readonly firstPollMs: number
  readonly longestPollMs: number
}

export interface Look<T> {
  /** Null: nothing yet. */
  readonly found: T | null
  /** The next pause is no longer than this. */
  readonly againWithinMs?: number
}

interface Waiter {
  readonly rank: () => number
  readonly seq: number
  /** Null while it looks. */
  pause: AbortController | null
}

/**
 * Who in this process waits for a slot of a lane, or for a lease. The tree says whose turn it is, and looking there is dear:
 * so only the first looks, and looks at once when this process gives something back.
 */
export class Waiters {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #ids: Ids
  readonly #lines = new Map<string, Waiter[]>()

  constructor(options: { clock: Clock; timers: Timers; ids: Ids }) {
    this.#clock = options.clock
    this.#timers = options.timers
    this.#ids = options.ids
  }

  /** `name` is that of what is waited for; `rank` may grow, higher ranks come first, and of equal ones the lower `seq`. */
  join(name: string, seq: number, rank: () => number): PlaceInLine {
    const waiter: Waiter = { rank, seq, pause: null }
    const waiters = this.#lines.get(name) ?? []
    this.#lines.set(name, waiters)
    waiters.push(waiter)
    const isFirst = () => first(waiters) === waiter
    return {
      isFirst,
      pause: (ms) => this.#pause(waiter, ms),
      until: async ({ giveUpAt, firstPollMs, longestPollMs }, look) => {
        for (let poll = firstPollMs; ; poll = Math.min(poll * 2, longestPollMs)) {
          const seen = isFirst() ? look() : null
          if (seen !== null && seen.found !== null) return seen.found
          const left = giveUpAt - this.#clock.now()
          if (left <= 0) return null
          // Spread out, so that many processes do not look in step.
          const ms = poll * (0.75 + this.#ids.random() / 2)
          await this.#pause(waiter, Math.min(ms, left, seen?.againWithinMs ?? left))
        }
      },
      leave: () => {
        waiters.splice(waiters.indexOf(waiter), 1)
        if (waiters.length === 0) this.#lines.delete(name)
        this.wake(name)
      },
    }
  }

  async #pause(waiter: Waiter, ms: number): Promise<void> {
    const pause = new AbortController()
    waiter.pause = pause
    try {
      await this.#timers.sleep(ms, pause.signal)
    } catch (error) {
      if (!pause.signal.aborted) throw error
    } finally {
      waiter.pause = null
    }
  }

  /** It is free, or the first has left. */
  wake(name: string): void {
    const waiters = this.#lines.get(name)
    if (waiters !== undefined) first(waiters)?.pause?.abort()
  }

  /** Something is free that waiters of any name that begins so may take. */
  wakeAll(prefix: string): void {
    for (const name of this.#lines.keys()) if (name.startsWith(prefix)) this.wake(name)
  }
}

function first(waiters: readonly Waiter[]): Waiter | undefined {
  return waiters.toSorted((a, b) => b.rank() - a.rank() || a.seq - b.seq)[0]
}
