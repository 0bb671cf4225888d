/**
 * Two machines that share a folder over NFS trust their caches for up to a minute: a file that one made may not exist for
 * the other (reliability 2.1). Making and removing a file in a folder, a *barrier*, makes this machine look again.
 */
import { randomBytes } from 'node:crypto'
import { open, readdir, realpath, stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { temporaryName } from '../stores/tree/workspace-path.ts'

/** How long an NFS client believes what it knows of a folder (acdirmax), and half as much again. */
export const TRUSTED_MS = 90_000

/** Folders that one search looks at, and that it finds; what lies deeper shows up when the caches end. */
const MAX_SEARCHED = 2000
const MAX_CHANGED = 200

/** `.neam` is ours; packages are installed and used on the same side. */
const NOT_SEARCHED = new Set(['.neam', 'node_modules'])

/** For a file system that says no: a folder that is gone or full has nothing new to show. */
async function unlessRefused<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) return null
    throw error
  }
}

/** Makes a barrier; answers the time of the file system in ms since 1970, or null where no file can be made. */
export const barrier = (folder: string): Promise<number | null> =>
  unlessRefused(async () => {
    const path = join(folder, temporaryName(randomBytes(8).toString('hex')))
    const file = await open(path, 'wx', 0o600)
    try {
      return (await file.stat()).mtimeMs
    } finally {
      await file.close()
      await unlink(path)
    }
  })

/**
 * Barriers in folders below `root`, in this order: an outer one goes before those inside of it. A path that leaves `root`,
 * by `..` or by a symbolic link, gets none: a command may have made it.
 */
export async function barriersBelow(root: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders.slice(0, MAX_CHANGED)) {
    const path = await folderBelow(root, folder)
    if (path !== null) await barrier(path)
  }
}

/** The absolute path of a folder below `root`, or null when it is missing or elsewhere. */
async function folderBelow(root: string, folder: string): Promise<string | null> {
  const base = await unlessRefused(() => realpath(root))
  if (base === null) return null
  const path = resolve(base, folder)
  if (path !== base && !path.startsWith(`${base}/`)) return null
  return (await unlessRefused(() => realpath(path))) === path ? path : null
}

/**
 * Folders below `root` where a name came or went since a time of the file system, relative to it, outer ones first; `.` is
 * `root` itself, and always the first.
 */
export async function changedFolders(root: string, since: number): Promise<readonly string[]> {
  const changed: string[] = []
  let searched = 1
  let level: readonly string[] = await innerFolders(root, '.')
  while (level.length > 0 && searched < MAX_SEARCHED) {
    const looked = level.slice(0, MAX_SEARCHED - searched)
    searched += looked.length
    const times = await Promise.all(looked.map((folder) => unlessRefused(() => stat(join(root, folder)))))
    changed.push(...looked.filter((_, index) => (times[index]?.mtimeMs ?? 0) >= since))
    level = (await Promise.all(looked.map((folder) => innerFolders(root, folder)))).flat()
  }
  return ['.', ...changed].slice(0, MAX_CHANGED)
}

/** Symbolic links are not followed. */
async function innerFolders(root: string, folder: string): Promise<readonly string[]> {
  const entries = (await unlessRefused(() => readdir(join(root, folder), { withFileTypes: true }))) ?? []
  return entries
    .filter((entry) => entry.isDirectory() && !NOT_SEARCHED.has(entry.name))
    .map((entry) => join(folder, entry.name))
}
