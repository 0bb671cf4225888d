import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs, type Operation } from '../../stores/tree/intercepted-fs.ts'

export interface SlowDisk {
  readonly fs: Fs
  /** From now on each call that it concerns takes so long. */
  slow(ms: number, concerns?: (operation: Operation) => boolean): void
  mend(): void
}

/** A disk that can become slow, as one whose burst credits are gone, by a clock that is told how long it takes. */
export function slowDisk(fs: Fs, pass: (ms: number) => void): SlowDisk {
  let eachMs = 0
  let concerned: (operation: Operation) => boolean = () => true
  return {
    fs: interceptedFs(fs, (operation, _subject, run) => {
      if (eachMs > 0 && concerned(operation)) pass(eachMs)
      return run()
    }),
    slow(ms, concerns = () => true) {
      eachMs = ms
      concerned = concerns
    },
    mend() {
      eachMs = 0
    },
  }
}
