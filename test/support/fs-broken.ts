import type { FaultCode } from '../../agents/ports/fault.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs, type Operation } from '../../stores/tree/intercepted-fs.ts'

/** What a disk refuses, and how. */
export interface Breakage {
  readonly code: string
  readonly operations: readonly Operation[]
  /** Codes of the Faults by which a store may say so. */
  readonly faults: readonly FaultCode[]
}

export interface BreakableDisk {
  readonly fs: Fs
  /** From the `nth` (0-based) operation that it concerns on, all of them are refused, until the disk is mended. */
  break(breakage: Breakage, nth: number): void
  mend(): void
  /** Operations that were refused since it broke. */
  refused(): number
}

const CHANGES: readonly Operation[] = [
  'create',
  'openExisting',
  'openAppend',
  'link',
  'rename',
  'unlink',
  'makeDirectory',
  'removeDirectory',
]

/** Ways in which a disk stays broken, as opposed to one call that fails. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  full: { code: 'ENOSPC', operations: ['write'], faults: ['storage_full'] },
  'over its quota': { code: 'EDQUOT', operations: ['write'], faults: ['storage_full'] },
  'out of inodes': {
    code: 'ENOSPC',
    operations: ['create', 'makeDirectory', 'openAppend'],
    faults: ['storage_full'],
  },
  'read-only': { code: 'EROFS', operations: CHANGES, faults: ['storage_unavailable'] },
  'closed to this user': {
    code: 'EACCES',
    operations: [...CHANGES, 'read', 'list'],
    faults: ['storage_unavailable'],
  },
  'unable to sync': { code: 'EIO', operations: ['fsync', 'syncDirectory'], faults: ['storage_unavailable'] },
  'unable to read and write': { code: 'EIO', operations: ['read', 'write'], faults: ['storage_unavailable'] },
  stale: {
    code: 'ESTALE',
    operations: [...CHANGES, 'read', 'write', 'list', 'stat'],
    // A root that is stale is one that is not mounted any more.
    faults: ['storage_unavailable', 'tree_missing'],
  },
  'out of file descriptors': {
    code: 'EMFILE',
    operations: ['create', 'openExisting', 'openAppend', 'read', 'list', 'syncDirectory'],
    faults: ['storage_unavailable'],
  },
}

/** A disk that can break under a running process, and be mended. */
export function breakableDisk(fs: Fs): BreakableDisk {
  let broken: Breakage | null = null
  let left = 0
  let refused = 0
  const breakable = interceptedFs(fs, (operation, subject, run) => {
    if (broken === null || !broken.operations.includes(operation) || left-- > 0) return run()
    refused += 1
    throw Object.assign(new Error(`${broken.code}: planted, ${operation} ${subject}`), { code: broken.code })
  })
  return {
    fs: breakable,
    break(breakage, nth) {
      broken = breakage
      left = nth
      refused = 0
    },
    mend() {
      broken = null
    },
    refused: () => refused,
  }
}
