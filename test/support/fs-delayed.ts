import { errorCode, type FileStatus, type Fs } from '../../stores/tree/fs.ts'

/** Attribute and negative caching of an NFS client (nfs(5): acdirmin 30 s). */
const CACHED_MS = 30_000

const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: cached, ${path}`), { code: 'ENOENT' })
const isThere = (fs: Fs, path: string): boolean => {
  try {
    fs.stat(path)
    return true
  } catch {
    return false
  }
}
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

/**
 * One client of a network file system, after what reliability 2.1 found: listings, attributes and "does not exist" are
 * believed for 30 s; opening a name that is not believed absent asks the server; changing a directory through this
 * client makes it forget what it believed about that directory.
 */
export function delayedFs(fs: Fs, clock: { now(): number }): Fs {
  const absent = new Map<string, number>()
  const attributes = new Map<string, { status: FileStatus; until: number }>()
  const listings = new Map<string, { names: readonly string[]; until: number }>()

  const isAbsent = (path: string): boolean => {
    for (let part = path; part !== ''; part = parentOf(part)) {
      if ((absent.get(part) ?? 0) > clock.now()) return true
    }
    return false
  }
  const forget = (directory: string): void => {
    listings.delete(directory)
    for (const cache of [absent, attributes]) {
      for (const path of cache.keys()) if (parentOf(path) === directory) cache.delete(path)
    }
  }
  const looking = <T>(path: string, run: () => T): T => {
    if (isAbsent(path)) throw missing(path)
    try {
      return run()
    } catch (error) {
      if (errorCode(error) === 'ENOENT') absent.set(path, clock.now() + CACHED_MS)
      throw error
    }
  }
  const changing = <T>(path: string, run: () => T): T => {
    const directory = parentOf(path)
    if (isAbsent(directory)) throw missing(path)
    const result = run()
    forget(directory)
    return result
  }
  return {
    ...fs,
    create: (path) => changing(path, () => fs.create(path)),
    // May make the file: then what is believed of its name does not count, but what is believed of its directory does.
    openAppend(path) {
      const directory = parentOf(path)
      if (isAbsent(directory)) throw missing(path)
      const isNew = !isThere(fs, path)
      const descriptor = looking(directory, () => fs.openAppend(path))
      if (isNew) forget(directory)
      absent.delete(path)
      return descriptor
    },
    link: (from, to) => changing(to, () => fs.link(from, to)),
    rename: (from, to) => changing(to, () => fs.rename(from, to)),
    unlink: (path) => changing(path, () => fs.unlink(path)),
    makeDirectory(path) {
      try {
        changing(path, () => fs.makeDirectory(path))
      } catch (error) {
        // The server said that it is there.
        if (errorCode(error) === 'EEXIST') forget(parentOf(path))
        throw error
      }
    },
    removeDirectory: (path) => changing(path, () => fs.removeDirectory(path)),
    read: (path) => looking(path, () => fs.read(path)),
    stat: (path) =>
      looking(path, () => {
        const cached = attributes.get(path)
        if (cached !== undefined && cached.until > clock.now()) return cached.status
        const status = fs.stat(path)
        attributes.set(path, { status, until: clock.now() + CACHED_MS })
        return status
      }),
    list: (path) =>
      looking(path, () => {
        const cached = listings.get(path)
        if (cached !== undefined && cached.until > clock.now()) return cached.names
        const names = fs.list(path)
        listings.set(path, { names, until: clock.now() + CACHED_MS })
        return names
      }),
  }
}
