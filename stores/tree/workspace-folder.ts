/**
 * A folder held open by its descriptor. Everything below it is reached one component at a time and no component
 * may be a symbolic link, so that nothing that happens to the names above it can lead an operation elsewhere.
 *
 * On Linux a child is addressed as `/proc/self/fd/<fd>/<name>`, which the kernel resolves from the open folder
 * itself. Elsewhere the name is checked with `lstat` before it is used.
 */
import { constants, type Dirent, existsSync, type Stats } from 'node:fs'
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises'
import { join } from 'node:path'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

export type Addressing = 'descriptor' | 'name'

export const ADDRESSING: Addressing = existsSync('/proc/self/fd') ? 'descriptor' : 'name'

/** `ENOENT` and its like, of an error that a system call failed with. */
export const errnoOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error
    ? String(error.code)
    : undefined

/** A component that may not be passed: a link, or no folder. */
export class NotAFolder extends Error {
  readonly component: string
  readonly isLink: boolean

  constructor(component: string, isLink: boolean) {
    super(isLink ? `${component} is a symbolic link` : `${component} is not a folder`)
    this.component = component
    this.isLink = isLink
  }
}

export class Folder {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #addressing: Addressing

  private constructor(handle: FileHandle, path: string, addressing: Addressing) {
    this.#handle = handle
    this.#path = path
    this.#addressing = addressing
  }

  /** Opens a trusted root; links on the way to it are followed. */
  static async open(path: string, addressing: Addressing = ADDRESSING): Promise<Folder> {
    return new Folder(await open(path, O_RDONLY | O_DIRECTORY), path, addressing)
  }

  #child(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
      throw new Error(`not a component: ${JSON.stringify(name)}`)
    return this.#addressing === 'descriptor'
      ? `/proc/self/fd/${this.#handle.fd}/${name}`
      : join(this.#path, name)
  }

  get #self(): string {
    return this.#addressing === 'descriptor' ? `/proc/self/fd/${this.#handle.fd}` : this.#path
  }

  /** A folder in this one. Throws NotAFolder, or ENOENT. */
  async enter(name: string): Promise<Folder> {
    const path = this.#child(name)
    if (this.#addressing === 'name') await this.#refuseLink(name)
    try {
      const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      return new Folder(handle, join(this.#path, name), this.#addressing)
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'ELOOP')
        throw new NotAFolder(name, (await this.stat(name))?.isSymbolicLink() ?? false)
      throw error
    }
  }

  /** Like `enter`, and makes the folder when it is missing. */
  async enterOrMake(name: string): Promise<Folder> {
    try {
      return await this.enter(name)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
    await this.make(name)
    return this.enter(name)
  }

  /** Makes a folder; one that is there already is left alone. */
  async make(name: string): Promise<void> {
    try {
      await mkdir(this.#child(name))
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }

  async #refuseLink(name: string): Promise<void> {
    if ((await this.stat(name))?.isSymbolicLink()) throw new NotAFolder(name, true)
  }

  /** Opens a file without following a link (ELOOP) and without waiting for the other end of a FIFO. */
  openFile(name: string, flags: number, mode?: number): Promise<FileHandle> {
    return open(this.#child(name), flags | O_NOFOLLOW | O_NONBLOCK, mode)
  }

  /** The entry itself, never what a link points to; null when there is none. */
  async stat(name: string): Promise<Stats | null> {
    try {
      return await lstat(this.#child(name))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      throw error
    }
  }

  entries(): Promise<Dirent[]> {
    return readdir(this.#self, { withFileTypes: true })
  }

  /** The entries one after the other, for folders of which not all fit into memory at once. */
  async *eachEntry(): AsyncIterable<Dirent> {
    yield* await opendir(this.#self, { bufferSize: 1024 })
  }

  linkTarget(name: string): Promise<string> {
    return readlink(this.#child(name))
  }

  makeLink(name: string, target: string): Promise<void> {
    return symlink(target, this.#child(name))
  }

  /** Removes a file, link or special file. */
  removeFile(name: string): Promise<void> {
    return unlink(this.#child(name))
  }

  /** Removes an empty folder. */
  removeFolder(name: string): Promise<void> {
    return rmdir(this.#child(name))
  }

  /** A second name for a file; fails with EEXIST when the name is taken. */
  linkFile(name: string, newName: string): Promise<void> {
    return link(this.#child(name), this.#child(newName))
  }

  move(name: string, to: Folder, newName: string): Promise<void> {
    return rename(this.#child(name), to.#child(newName))
  }

  /** Makes the folder's own entries durable; file systems that cannot do that on folders are accepted. */
  async sync(): Promise<void> {
    try {
      await this.#handle.sync()
    } catch (error) {
      if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw error
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Runs `use` in the folder that `components` lead to from `root`, and closes all that was opened on the way. */
export async function within<T>(
  root: string,
  components: readonly string[],
  use: (folder: Folder) => Promise<T>,
  options: { readonly make?: boolean; readonly addressing?: Addressing } = {},
): Promise<T> {
  let folder = await Folder.open(root, options.addressing)
  try {
    for (const component of components) {
      const next = await (options.make ? folder.enterOrMake(component) : folder.enter(component))
      await folder.close()
      folder = next
    }
    return await use(folder)
  } finally {
    await folder.close()
  }
}
