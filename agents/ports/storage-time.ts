/**
 * What calls on the storage of the tree take of the time of a piece of work. Most of them are synchronous: while one runs,
 * nothing else of the process does, whichever work made it. A sync aside holds up only the work that waits for it.
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

/** What calls took of the time of a piece of work so far. */
export interface StorageShare {
  readonly ms: number
  /** What the work took so far. */
  readonly ofMs: number
  /** Of the whole process meanwhile, those under way included; null where no call took a millisecond. */
  readonly slowest: StorageCall | null
}

/** A moment that `since` counts from. */
export interface StorageMark {
  /** Milliseconds on the clock of the measurement. */
  readonly at: number
  /** Milliseconds that calls had taken until then. */
  readonly spentMs: number
}

/** Since the process began. */
export interface StorageFigures {
  readonly calls: number
  readonly ms: number
  /** Of the newest minutes; null where no call took a millisecond. */
  readonly slowest: StorageCall | null
}

export interface StorageTime {
  /** Does a piece of work that can ask how much of its time went to the storage. */
  during<T>(work: (share: () => StorageShare) => T): T
  mark(): StorageMark
  /** Of the whole process. */
  since(mark: StorageMark): Pick<StorageShare, 'ms' | 'slowest'>
  figures(): StorageFigures
}

/** Where nothing is measured. */
export const NO_STORAGE_TIME: StorageTime = {
  during: (work) => work(() => ({ ms: 0, ofMs: 0, slowest: null })),
  mark: () => ({ at: 0, spentMs: 0 }),
  since: () => ({ ms: 0, slowest: null }),
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
