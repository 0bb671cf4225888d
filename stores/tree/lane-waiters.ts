import type { Timers } from '../../agents/ports/time.ts'

export interface LaneWaiter {
  /** Resolves when it is worth another try: it has become first, a slot was given back, or `ms` are over. */
  pause(ms: number): Promise<void>
  /** Whether nobody of this process waits before it for the same lane. */
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
 * Who in this process waits for a lane. The tree says whose turn it is, and looking there is dear: so only the first
 * looks, and looks at once when this process gives a slot back.
 */
export class LaneWaiters {
  readonly #timers: Timers
  readonly #lanes = new Map<string, Waiter[]>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** `lane` names agent and lane; `rank` may grow, higher ranks come first, and of equal ones the lower `seq`. */
  join(lane: string, seq: number, rank: () => number): LaneWaiter {
    const waiter: Waiter = { rank, seq, pause: null }
    const waiters = this.#lanes.get(lane) ?? []
    this.#lanes.set(lane, waiters)
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
        if (waiters.length === 0) this.#lanes.delete(lane)
        this.wake(lane)
      },
    }
  }

  /** A slot of the lane is free, or the first has left. */
  wake(lane: string): void {
    const waiters = this.#lanes.get(lane)
    if (waiters !== undefined) first(waiters)?.pause?.abort()
  }

  /** A slot is free that waiters of any lane whose name begins so may take. */
  wakeAll(prefix: string): void {
    for (const lane of this.#lanes.keys()) if (lane.startsWith(prefix)) this.wake(lane)
  }
}

function first(waiters: readonly Waiter[]): Waiter | undefined {
  return waiters.toSorted((a, b) => b.rank() - a.rank() || a.seq - b.seq)[0]
}
