import { Fault } from '../ports/fault.ts'

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
