import type { Timers } from '../../agents/ports/time.ts'

export interface PlaceInLine {
  /** Resolves when it is worth another try: it has become first, something was given back, or `ms` are over. */
  pause(ms: number): Promise<void>
  /** Whether nobody of this process waits before it for the same thing. */
  isFirst(): boolean
  /** The next is first then, and looks. */
  leave(): void
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
  readonly #timers: Timers
  readonly #lines = new Map<string, Waiter[]>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** `name` is that of what is waited for; `rank` may grow, higher ranks come first, and of equal ones the lower `seq`. */
  join(name: string, seq: number, rank: () => number): PlaceInLine {
    const waiter: Waiter = { rank, seq, pause: null }
    const waiters = this.#lines.get(name) ?? []
    this.#lines.set(name, waiters)
    waiters.push(waiter)
    return {
      isFirst: () => first(waiters) === waiter,
      pause: async (ms) => {
        const pause = new AbortController()
        waiter.pause = pause
        try {
          await this.#timers.sleep(ms, pause.signal)
        } catch (error) {
          if (!pause.signal.aborted) throw error
        } finally {
          waiter.pause = null
        }
      },
      leave: () => {
        waiters.splice(waiters.indexOf(waiter), 1)
        if (waiters.length === 0) this.#lines.delete(name)
        this.wake(name)
      },
    }
  }

  isAwaited(name: string): boolean {
    return this.#lines.has(name)
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
