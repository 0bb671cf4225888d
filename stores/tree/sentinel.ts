import { Fault } from '../../agents/ports/fault.ts'
import type { Ids } from '../../agents/ports/ids.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { errorCode, type Fs } from './fs.ts'
import { discard, linkIfAbsent, writeNewFile } from './put-if-absent.ts'
import { decodeRecord } from './records.ts'
import { storageFault } from './storage-fault.ts'

/** Format of the tree this code reads and writes. */
const TREE_FORMAT = 1

/**
 * What makes a directory a tree: a file that only a tree has. Where it is missing the file system is not mounted, and
 * an empty directory must not be taken for a tree without sessions.
 */
export interface Sentinel {
  readonly format: number
  readonly id: string
  /** ISO 8601. */
  readonly created: string
  /** Whose tree it is (NEAM_TREE_OF); null = nobody said. */
  readonly of: string | null
  /** The disk takes `Alice` and `alice` for one name; found out when the tree was made. */
  readonly foldsCase: boolean
}

export interface SentinelOptions {
  readonly fs: Fs
  readonly clock: Clock
  readonly ids: Ids
  readonly root: string
  /** Relative to the root. */
  readonly file: string
  /** A tree that says it is another's is refused; null = any will do. */
  readonly of: string | null
}

/** Reads a tree's sentinel. Throws `tree_missing`, `tree_foreign`, `tree_version` (made by a newer release) or `record_damaged`. */
export function readSentinel({ fs, root, file, of }: SentinelOptions): Sentinel {
  const path = `${root}/${file}`
  let text: string
  try {
    text = fs.read(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new Fault('tree_missing', { path: root }, { cause: error })
    throw storageFault(error, path)
  }
  const found = decodeRecord<Partial<Sentinel>>(text, path)
  if (typeof found.format !== 'number' || typeof found.id !== 'string') {
    throw new Fault('record_damaged', { path, problem: 'it names no format and id' })
  }
  if (found.format > TREE_FORMAT) {
    throw new Fault('tree_version', { path: root, found: found.format, expected: TREE_FORMAT })
  }
  const owner = found.of ?? null
  // Two deployments on one file system by mistake would take each other's sessions for their own.
  if (of !== null && owner !== null && owner !== of) {
    throw new Fault('tree_foreign', { path: root, found: owner, expected: of })
  }
  return {
    format: found.format,
    id: found.id,
    of: owner,
    created: found.created ?? '',
    foldsCase: found.foldsCase === true,
  }
}

/** Makes the tree when it is not there; two processes that do so at once make one. */
export function createSentinel(options: SentinelOptions): Sentinel {
  const { fs, clock, ids, root, file, of } = options
  const path = `${root}/${file}`
  try {
    const directory = path.slice(0, path.lastIndexOf('/'))
    makeDirectories(fs, directory)
    const temporary = `${directory}/.t.${ids.next()}`
    const sentinel: Sentinel = {
      format: TREE_FORMAT,
      id: ids.uuid(),
      of,
      created: new Date(clock.now()).toISOString(),
      foldsCase: foldsCase(fs, directory, ids.next()),
    }
    const text = `${JSON.stringify(sentinel)}\n`
    writeNewFile(fs, temporary, text, true)
    try {
      if (linkIfAbsent(fs, temporary, path, text)) fs.syncDirectory(directory)
    } finally {
      discard(fs, temporary)
    }
  } catch (error) {
    throw storageFault(error, path)
  }
  return readSentinel(options)
}

/** Makes a folder and those above it; others may make the same ones at the same time. */
function makeDirectories(fs: Fs, path: string): void {
  const parent = path.slice(0, path.lastIndexOf('/'))
  try {
    makeDirectory(fs, path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || parent === '') throw error
    makeDirectories(fs, parent)
    // The parent is there now: a place where nothing can be made (`/proc`) says so by failing again.
    makeDirectory(fs, path)
  }
}

function makeDirectory(fs: Fs, path: string): void {
  try {
    fs.makeDirectory(path)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

function foldsCase(fs: Fs, directory: string, id: string): boolean {
  const probe = `${directory}/.t.${id.toLowerCase()}`
  fs.close(fs.create(`${probe}A`))
  try {
    fs.stat(`${probe}a`)
    return true
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return false
  } finally {
    discard(fs, `${probe}A`)
  }
}
