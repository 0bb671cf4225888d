import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, mkdir, realpath } from 'node:fs/promises'
import { Fault } from '../../agents/ports/fault.ts'
import { type FileEnd, type FolderPage, MAX_LISTED, type Workspace } from '../../agents/ports/workspace.ts'
import { type Addressing, errnoOf, type Folder, NotAFolder, within } from './workspace-folder.ts'
import { isClosed, isTemporary, pathComponents, refusedPath, temporaryName } from './workspace-path.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = constants

export const MAX_READ_BYTES = 1024 * 1024
export const MAX_WRITE_BYTES = 5 * 1024 * 1024

const OUT_OF_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What a failed system call on `path` means to the program that asked. */
function asFault(path: string, error: unknown): unknown {
  const code = errnoOf(error)
  if (error instanceof NotAFolder) return refusedPath(path, error.message)
  if (code === undefined) return error
  if (OUT_OF_SPACE.has(code)) return new Fault('storage_full', { path })
  if (code === 'ELOOP') return refusedPath(path, 'it is a symbolic link')
  if (code === 'EISDIR') return refusedPath(path, 'it is a folder')
  if (code === 'ENXIO') return refusedPath(path, 'it is not a regular file')
  if (code === 'EACCES' || code === 'EPERM') return refusedPath(path, 'permission denied')
  return new Fault('storage_unavailable', { path, problem: code })
}

const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT'

/** Refuses all that is no plain file of this workspace alone: a hard link may lead to a file outside. */
function refuseUnlessPlain(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw refusedPath(path, 'it is a symbolic link')
  if (stats.isDirectory()) throw refusedPath(path, 'it is a folder')
  if (!stats.isFile()) throw refusedPath(path, 'it is not a regular file')
  if (stats.nlink > 1) throw refusedPath(path, 'it has several hard links')
}

/** At most `limit` bytes and one more, so that a file that grew meanwhile is noticed; `size` is what it should have. */
const readUpTo = async (handle: FileHandle, limit: number, size: number): Promise<Buffer> =>
  await readAt(handle, 0, Math.min(limit, size) + 1)

/** `count` bytes from `position` on, fewer where the file ends before. */
async function readAt(handle: FileHandle, position: number, count: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(count)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, position + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

class JailedWorkspace implements Workspace {
  readonly root: string
  readonly #addressing: Addressing | undefined

  constructor(root: string, addressing: Addressing | undefined) {
    this.root = root
    this.#addressing = addressing
  }

  /** Splits a path into the folder it lies in and its name, and runs `use` there. */
  async #inFolderOf<T>(
    path: string,
    use: (folder: Folder, name: string) => Promise<T>,
    make = false,
  ): Promise<T> {
    const components = pathComponents(path)
    const name = components.at(-1)
    if (name === undefined) throw refusedPath(path, 'it names the workspace itself')
    return within(this.root, components.slice(0, -1), (folder) => use(folder, name), {
      make,
      addressing: this.#addressing,
    })
  }

  async read(path: string): Promise<string | null> {
    return (await this.readBytes(path, MAX_READ_BYTES))?.toString('utf8') ?? null
  }

  async readBytes(path: string, maxBytes: number): Promise<Buffer | null> {
    return await this.#opened(path, async (handle, size) => {
      const bytes = size > maxBytes ? null : await readUpTo(handle, maxBytes, size)
      if (bytes === null || bytes.length > maxBytes)
        throw refusedPath(path, `it has ${size} bytes; at most ${maxBytes} are read`)
      return bytes
    })
  }

  async readEnd(path: string, maxBytes: number): Promise<FileEnd | null> {
    return await this.#opened(path, async (handle, size) => {
      const from = Math.max(0, size - maxBytes)
      const bytes = await readAt(handle, from, size - from)
      // A line that is cut in two is left out whole, unless there is no other.
      const start = from === 0 ? 0 : bytes.indexOf('\n') + 1
      return { text: bytes.toString('utf8', start), leftOut: from + start }
    })
  }

  /** Runs `use` with a plain file and its size; null when there is none. */
  async #opened<T>(path: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T | null> {
    try {
      return await this.#inFolderOf(path, async (folder, name) => {
        await using handle = await folder.openFile(name, O_RDONLY)
        const stats = await handle.stat()
        refuseUnlessPlain(path, stats)
        return await use(handle, stats.size)
      })
    } catch (error) {
      if (isMissing(error)) return null
      throw asFault(path, error)
    }
  }

  async checkWrite(path: string, content: string | Uint8Array): Promise<number> {
    const { length } = this.#sized(path, Buffer.from(content), 0)
    try {
      await this.#inFolderOf(path, async (folder, name) => {
        const old = await folder.stat(name)
        if (old) refuseUnlessPlain(path, old)
      })
    } catch (error) {
      if (!isMissing(error)) throw asFault(path, error)
    }
    return length
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const bytes = this.#sized(path, Buffer.from(content), 0)
    await this.#change(path, async (folder, name) => {
      const old = await folder.stat(name)
      if (old) refuseUnlessPlain(path, old)
      const temporary = temporaryName(randomBytes(8).toString('hex'))
      try {
        await using handle = await folder.openFile(temporary, O_WRONLY | O_CREAT | O_EXCL)
        if (old) await handle.chmod(old.mode & 0o777)
        await handle.writeFile(bytes)
        await handle.sync()
        await folder.move(temporary, folder, name)
      } catch (error) {
        await folder.removeFile(temporary).catch(() => {}) // the first error is the one that matters
        throw error
      }
      await folder.sync()
    })
  }

  async append(path: string, text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#change(path, async (folder, name) => {
      await using handle = await folder.openFile(name, O_WRONLY | O_APPEND | O_CREAT, 0o666)
      const stats = await handle.stat()
      refuseUnlessPlain(path, stats)
      await handle.writeFile(this.#sized(path, bytes, stats.size))
      await handle.sync()
      if (stats.size === 0) await folder.sync()
    })
  }

  #sized(path: string, bytes: Buffer, before: number): Buffer {
    const size = before + bytes.length
    if (size > MAX_WRITE_BYTES)
      throw refusedPath(path, `it would have ${size} bytes; at most ${MAX_WRITE_BYTES} are written`)
    return bytes
  }

  async #change(path: string, use: (folder: Folder, name: string) => Promise<void>): Promise<void> {
    try {
      await this.#inFolderOf(path, use, true)
    } catch (error) {
      throw asFault(path, error)
    }
  }

  async page(path: string, request: PageRequest): Promise<FolderPage | null> {
    try {
      return await within(this.root, pathComponents(path), (folder) => pageOf(folder, request), {
        addressing: this.#addressing,
      })
    } catch (error) {
      if (isMissing(error)) return null
      throw asFault(path, error)
    }
  }

  async stat(path: string): Promise<{ kind: 'file' | 'folder'; size: number } | null> {
    if (pathComponents(path).length === 0) return { kind: 'folder', size: 0 }
    try {
      const stats = await this.#inFolderOf(path, (folder, name) => folder.stat(name))
      if (stats === null) return null
      if (stats.isDirectory()) return { kind: 'folder', size: 0 }
      refuseUnlessPlain(path, stats)
      return { kind: 'file', size: stats.size }
    } catch (error) {
      if (isMissing(error)) return null
      throw asFault(path, error)
    }
  }

  async walk(path: string): Promise<readonly string[]> {
    const components = pathComponents(path)
    const found: string[] = []
    const prefix = components.length === 0 ? '' : `${components.join('/')}/`
    try {
      await within(this.root, components, (folder) => this.#walkInto(folder, prefix, found), {
        addressing: this.#addressing,
      })
    } catch (error) {
      throw asFault(path, error)
    }
    return found.sort()
  }

  async #walkInto(folder: Folder, prefix: string, found: string[]): Promise<void> {
    for (const entry of await folder.entries()) {
      if (isClosed(entry.name) || isTemporary(entry.name)) continue
      const path = prefix + entry.name
      if (entry.isDirectory()) {
        const below = await folder.enter(entry.name)
        try {
          await this.#walkInto(below, `${path}/`, found)
        } finally {
          await below.close()
        }
      } else if (entry.isFile() && (await folder.stat(entry.name))?.nlink === 1) {
        if (found.length === MAX_LISTED) throw refusedPath(prefix, `it has more than ${MAX_LISTED} files`)
        found.push(path)
      }
    }
  }

  async isEmpty(except: readonly string[]): Promise<boolean> {
    const excepted = new Set(except.map((path) => pathComponents(path).join('/')))
    return within(this.root, [], (folder) => this.#onlyHolds(folder, '', excepted), {
      addressing: this.#addressing,
    })
  }

  /** Folders on the way to an excepted file count as content only for what else they hold. */
  async #onlyHolds(folder: Folder, prefix: string, excepted: ReadonlySet<string>): Promise<boolean> {
    for (const entry of await folder.entries()) {
      const path = prefix + entry.name
      if (path === '.neam' || isTemporary(entry.name) || excepted.has(path)) continue
      const leadsToExcepted = [...excepted].some((file) => file.startsWith(`${path}/`))
      if (!entry.isDirectory() || !leadsToExcepted) return false
      const below = await folder.enter(entry.name)
      try {
        if (!(await this.#onlyHolds(below, `${path}/`, excepted))) return false
      } finally {
        await below.close()
      }
    }
    return true
  }
}

/** Opens a workspace, making its folder when it is missing. */
export async function openWorkspace(root: string, addressing?: Addressing): Promise<Workspace> {
  try {
    await mkdir(root, { recursive: true })
    return new JailedWorkspace(await realpath(root), addressing)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR') {
      const problem = 'it is a file, or lies below one; a workspace is a folder'
      throw new Fault('storage_unavailable', { path: root, problem }, { cause: error })
    }
    throw asFault(root, error)
  }
}

interface PageRequest {
  readonly after: string | null
  readonly limit: number
}

/** Holds two pages at most, however large the folder is. */
async function pageOf(folder: Folder, { after, limit }: PageRequest): Promise<FolderPage> {
  let names: string[] = []
  let isMore = false
  const cut = () => {
    names.sort()
    isMore ||= names.length > limit
    names = names.slice(0, limit)
  }
  for await (const entry of folder.eachEntry()) {
    if (entry.name === '.neam' || isTemporary(entry.name)) continue
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name
    if (after !== null && name <= after) continue
    names.push(name)
    if (names.length > 2 * limit) cut()
  }
  cut()
  return { names, next: isMore ? (names.at(-1) ?? null) : null }
}
