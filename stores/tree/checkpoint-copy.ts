/** Copies of whole workspaces: links stay links, special files are left out, `.neam` and `.git` are never entered. */
import { constants, type Dirent } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Fault } from '../../agents/ports/fault.ts'
import type { Folder } from './workspace-folder.ts'
import { isClosed, isTemporary } from './workspace-path.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants

/** A larger file is refused by name: it is build output, or a sparse file that would fill the disk with zeros. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

export interface CopyCount {
  files: number
  bytes: number
  /** Sockets, FIFOs and devices, by path. */
  skipped: string[]
}

/** Written last into a copy: a folder without it is never used. It is not part of what was copied. */
export const MANIFEST = '.neam-snapshot.json'

const isContent = (name: string): boolean => !isClosed(name) && !isTemporary(name) && name !== MANIFEST

const contentOf = async (folder: Folder): Promise<Dirent[]> =>
  (await folder.entries()).filter((entry) => isContent(entry.name))

/** Runs `use` in a child folder and closes it. */
export async function inside<T>(folder: Promise<Folder>, use: (folder: Folder) => Promise<T>): Promise<T> {
  const opened = await folder
  try {
    return await use(opened)
  } finally {
    await opened.close()
  }
}

/** Copies all of `from` into the empty folder `to`. Throws `checkpoint_failed` for a file that is too large. */
export async function copyTree(from: Folder, to: Folder, count: CopyCount, prefix = ''): Promise<void> {
  for (const entry of await contentOf(from)) {
    const path = prefix + entry.name
    if (entry.isDirectory())
      await inside(from.enter(entry.name), (source) =>
        inside(to.enterOrMake(entry.name), (target) => copyTree(source, target, count, `${path}/`)),
      )
    else if (entry.isFile() || entry.isSymbolicLink()) await copyEntry(from, to, entry, path, count)
    else count.skipped.push(path)
  }
  await to.sync()
}

/** Shows the size of every file and link of a workspace, in no order. Throws `checkpoint_failed` for a file that is too large. */
export async function eachFile(folder: Folder, show: (bytes: number) => void, prefix = ''): Promise<void> {
  for (const entry of await contentOf(folder)) {
    const path = prefix + entry.name
    if (entry.isDirectory()) {
      await inside(folder.enter(entry.name), (below) => eachFile(below, show, `${path}/`))
      continue
    }
    const size = (await folder.stat(entry.name))?.size ?? 0
    assertFileSize(path, size)
    show(size)
  }
}

function assertFileSize(path: string, size: number): void {
  if (size <= MAX_FILE_BYTES) return
  const problem = `${path} has ${size} bytes; a checkpoint keeps files up to ${MAX_FILE_BYTES}`
  throw new Fault('checkpoint_failed', { problem })
}

/** Copies one file or link; the target must not exist. */
async function copyEntry(
  from: Folder,
  to: Folder,
  entry: { readonly name: string; isSymbolicLink(): boolean },
  path: string,
  count: CopyCount,
): Promise<void> {
  if (entry.isSymbolicLink()) {
    await to.makeLink(entry.name, await from.linkTarget(entry.name))
  } else {
    await using source = await from.openFile(entry.name, O_RDONLY)
    const { size, mode } = await source.stat()
    assertFileSize(path, size)
    await using target = await to.openFile(entry.name, O_WRONLY | O_CREAT | O_EXCL)
    count.bytes += await pour(source, target)
    await target.chmod(mode & 0o777)
    await target.sync()
  }
  count.files++
}

async function pour(source: FileHandle, target: FileHandle): Promise<number> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let total = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length)
    if (bytesRead === 0) return total
    await target.writeFile(buffer.subarray(0, bytesRead))
    total += bytesRead
  }
}

/** Removes all that lies in a folder; links are removed, not followed. */
async function clearFolder(folder: Folder): Promise<void> {
  for (const entry of await folder.entries()) await removeEntry(folder, entry)
}

export async function removeEntry(
  folder: Folder,
  entry: { readonly name: string; isDirectory(): boolean },
): Promise<void> {
  if (entry.isDirectory()) {
    await inside(folder.enter(entry.name), clearFolder)
    await folder.removeFolder(entry.name)
  } else {
    await folder.removeFile(entry.name)
  }
}

/** Makes `to` hold exactly what `from` holds; equal files are left alone, and so are `.neam` and `.git`. */
export async function mirrorTree(from: Folder, to: Folder): Promise<void> {
  const wanted = new Map((await contentOf(from)).map((entry) => [entry.name, entry]))
  for (const entry of await contentOf(to)) {
    const source = wanted.get(entry.name)
    if (!source || source.isDirectory() !== entry.isDirectory()) await removeEntry(to, entry)
    else if (!entry.isDirectory() && !(await areEqual(from, to, entry.name))) await removeEntry(to, entry)
  }
  for (const entry of wanted.values()) {
    if (entry.isDirectory())
      await inside(from.enter(entry.name), (source) =>
        inside(to.enterOrMake(entry.name), (target) => mirrorTree(source, target)),
      )
    else if ((await to.stat(entry.name)) === null)
      await copyEntry(from, to, entry, entry.name, { files: 0, bytes: 0, skipped: [] })
  }
}

/** Whether both hold the same files; what a copy leaves out does not count. */
export async function isSameTree(left: Folder, right: Folder): Promise<boolean> {
  const [ours, theirs] = [await copied(left), await copied(right)]
  if (ours.length !== theirs.length) return false
  const folders = new Map(theirs.map((entry) => [entry.name, entry.isDirectory()]))
  for (const entry of ours) {
    if (folders.get(entry.name) !== entry.isDirectory()) return false
    const isSame = entry.isDirectory()
      ? await inside(left.enter(entry.name), (a) => inside(right.enter(entry.name), (b) => isSameTree(a, b)))
      : await areEqual(left, right, entry.name)
    if (!isSame) return false
  }
  return true
}

const copied = async (folder: Folder): Promise<Dirent[]> =>
  (await contentOf(folder)).filter((entry) => entry.isDirectory() || entry.isFile() || entry.isSymbolicLink())

/** Same kind, mode and content. */
async function areEqual(from: Folder, to: Folder, name: string): Promise<boolean> {
  const [left, right] = [await from.stat(name), await to.stat(name)]
  if (left === null || right === null) return false
  if (left.isSymbolicLink() && right.isSymbolicLink())
    return (await from.linkTarget(name)) === (await to.linkTarget(name))
  if (!left.isFile() || !right.isFile() || left.size !== right.size || left.mode !== right.mode) return false
  await using source = await from.openFile(name, O_RDONLY)
  await using target = await to.openFile(name, O_RDONLY)
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const
  for (;;) {
    const reads = [await source.read(buffers[0]), await target.read(buffers[1])] as const
    if (reads[0].bytesRead !== reads[1].bytesRead) return false
    if (reads[0].bytesRead === 0) return true
    if (!buffers[0].subarray(0, reads[0].bytesRead).equals(buffers[1].subarray(0, reads[1].bytesRead)))
      return false
  }
}
