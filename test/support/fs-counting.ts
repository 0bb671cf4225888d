import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'

/** Counts calls. */
export function countingFs(fs: Fs): { fs: Fs; readonly calls: () => number; reset(): void } {
  let calls = 0
  const counting = interceptedFs(fs, (_operation, _subject, run) => {
    calls++
    return run()
  })
  return {
    fs: counting,
    calls: () => calls,
    reset: () => {
      calls = 0
    },
  }
}
