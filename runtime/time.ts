import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Timers } from '../agents/ports/time.ts'

export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds since the process began, for what is measured: no change of the time of day moves it. */
export const systemStopwatch = { now: () => performance.now() }

/** What one timer of Node holds, 25 days; it takes more for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemTimers: Timers = {
  async sleep(ms, signal) {
    try {
      let left = ms
      for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS)
        await delay(LONGEST_TIMER_MS, undefined, { signal })
      await delay(left, undefined, { signal })
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
  deadline(ms) {
    const controller = new AbortController()
    let timer: NodeJS.Timeout
    const wait = (left: number): void => {
      const next = left > LONGEST_TIMER_MS ? () => wait(left - LONGEST_TIMER_MS) : () => controller.abort()
      timer = setTimeout(next, Math.min(left, LONGEST_TIMER_MS))
    }
    wait(ms)
    return { signal: controller.signal, cancel: () => clearTimeout(timer) }
  },
}
