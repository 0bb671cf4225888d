import { setTimeout as wait } from 'node:timers/promises'
import type { Timers } from '../../agents/ports/time.ts'

/** For tests of real processes and sockets, which take real time. */
export const realTimers: Timers = {
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
  deadline(ms) {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(new Error('deadline')), ms)
    return { signal: controller.signal, cancel: () => clearTimeout(timer) }
  },
}
