import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Timers } from '../agents/ports/time.ts'

export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds since the process began, for what is measured: no change of the time of day moves it. */
export const systemStopwatch = { now: () => performance.now() }

export const systemTimers: Timers = {
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal })
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
  deadline(ms) {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), ms)
    return { signal: controller.signal, cancel: () => clearTimeout(timer) }
  },
}
