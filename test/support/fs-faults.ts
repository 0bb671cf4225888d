import { writeSync } from 'node:fs'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs, type Operation } from '../../stores/tree/intercepted-fs.ts'

export type FsFault =
  /** SIGKILL instead of the call; half of it for a write. */
  | { readonly kind: 'kill' }
  /** An error instead of the call. */
  | { readonly kind: 'fail'; readonly code: string }
  /** The call is done, and an error is reported: the reply was lost. */
  | { readonly kind: 'lost-reply'; readonly code: string }

const systemError = (code: string, operation: string): Error =>
  Object.assign(new Error(`${code}: planted, ${operation}`), { code })

/** The `at`-th call (1-based) that `concerns` meets `fault`; all others are real. */
export function faultyFs(
  fs: Fs,
  {
    at,
    fault,
    concerns = () => true,
  }: { at: number; fault: FsFault; concerns?: (operation: Operation) => boolean },
): Fs {
  let calls = 0
  const intercepted = interceptedFs(fs, (operation, subject, run) => {
    if (!concerns(operation) || ++calls !== at) return run()
    if (fault.kind === 'kill') die()
    const error = systemError(fault.code, `${operation} ${subject}`)
    const done = fault.kind === 'lost-reply' || operation === 'close' ? run() : null
    if (done instanceof Promise) return done.then(() => Promise.reject(error)) as typeof done
    throw error
  })
  if (fault.kind !== 'kill') return intercepted
  return {
    ...intercepted,
    write(descriptor, bytes) {
      if (calls + 1 === at) writeSync(descriptor, bytes.subarray(0, Math.ceil(bytes.length / 2)))
      return intercepted.write(descriptor, bytes)
    },
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal is on its way; nothing more may happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('survived SIGKILL')
}
