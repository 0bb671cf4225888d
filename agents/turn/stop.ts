import { Fault } from '../ports/fault.ts'
import type { Timers } from '../ports/time.ts'

/** What an aborted signal means: the Fault it was aborted with, else `stopped`. Null while it is not aborted. */
export function stopOf(signal: AbortSignal): Fault | null {
  if (!signal.aborted) return null
  return signal.reason instanceof Fault ? signal.reason : new Fault('stopped')
}

/** Throws what an aborted signal means. */
export function throwIfStopped(signal: AbortSignal): void {
  const stop = stopOf(signal)
  if (stop !== null) throw stop
}

/** Sleeps; throws what an aborted signal means. */
export async function sleepUnlessStopped(timers: Timers, ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await timers.sleep(ms, signal)
  } catch (error) {
    if (signal) throwIfStopped(signal)
    throw error
  }
}
