/**
 * What calls on the storage of the tree take of a process's time. They are synchronous: while one runs, nothing else of
 * the process does, whichever turn made it. So the calls of all turns are what each of them has waited for.
 */
import { Fault } from './fault.ts'

/** One call on the file system. */
export interface StorageCall {
  /** Its name in the file system's port: `fsync`, `link`, ... */
  readonly operation: string
  /** Which files of the tree it was about: `sessions`, or the folder of the state directory (`forge`, `budgets`, ...). */
  readonly files: string
  readonly ms: number
}

/** A moment that `since` counts from. */
export interface StorageMark {
  /** Milliseconds on the clock of the measurement. */
  readonly at: number
  /** Milliseconds that calls had taken until then. */
  readonly spentMs: number
}

/** What calls took of a span of time. */
export interface StorageShare {
  readonly ms: number
  /** Length of the span. */
  readonly ofMs: number
  /** Null where no call took a millisecond. */
  readonly slowest: StorageCall | null
}

/** Since the process began. */
export interface StorageFigures {
  readonly calls: number
  readonly ms: number
  /** Of the newest minutes; null where no call took a millisecond. */
  readonly slowest: StorageCall | null
}

export interface StorageTime {
  mark(): StorageMark
  since(mark: StorageMark): StorageShare
  figures(): StorageFigures
}

/** Where nothing is measured. */
export const NO_STORAGE_TIME: StorageTime = {
  mark: () => ({ at: 0, spentMs: 0 }),
  since: () => ({ ms: 0, ofMs: 0, slowest: null }),
  figures: () => ({ calls: 0, ms: 0, slowest: null }),
}

/** From this part of the time on it is the storage that the time was lost to. */
const NOTABLE_PART = 0.25
/** A file system that gives less throughput than it is asked for recovers by being left alone. */
const RETRY_MS = 5000

/** The same fault; `storage_slow` for one that is out of time when the storage took a notable part of that time. */
export function blamingStorage(fault: Fault, { ms, ofMs, slowest }: StorageShare): Fault {
  if (fault.code !== 'deadline_exceeded' || slowest === null || ms < ofMs * NOTABLE_PART) return fault
  return new Fault(
    'storage_slow',
    {
      doing: fault.data.doing,
      storage_ms: Math.round(ms),
      of_ms: Math.round(ofMs),
      operation: slowest.operation,
      files: slowest.files,
      slowest_ms: Math.round(slowest.ms),
    },
    { retryAfterMs: RETRY_MS, cause: fault },
  )
}
