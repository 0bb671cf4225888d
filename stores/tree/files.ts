import { Fault } from '../../agents/ports/fault.ts'
import type { Ids } from '../../agents/ports/ids.ts'
import { errorCode, type FileStatus, type Fs } from './fs.ts'
import {
  discard,
  linkIfAbsent,
  nameIfAbsent,
  writeAndClose,
  writeAndCloseAside,
  writeNewFile,
} from './put-if-absent.ts'
import { storageFault } from './storage-fault.ts'

/** Temporary files; readers skip them and the collectors remove old ones. */
export const TEMPORARY = '.t.'

const GONE = new Set(['ENOENT', 'ESTALE', 'ENOTDIR'])
const isGone = (error: unknown): boolean => GONE.has(errorCode(error) ?? '')

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export interface WriteOptions {
  /** False for what may be lost with the machine's power: leases, views, what can be made again. Default true. */
  readonly durable?: boolean
}

/**
 * One root of the tree and the primitives on it (reliability 2.5). Paths are relative to the root, with `/`; `''` is
 * the root itself. Directories are made when something is written into them, but never the root: a root that is gone
 * or has lost its sentinel is a file system that is not mounted. Everything here throws Faults only.
 */
export class Files {
  readonly root: string
  readonly #fs: Fs
  readonly #ids: Ids
  readonly #sentinel: string

  /** `sentinel` is the file, relative to the root, that only a mounted tree has. */
  constructor(options: { root: string; sentinel: string; fs: Fs; ids: Ids }) {
    this.root = options.root
    this.#sentinel = options.sentinel
    this.#fs = options.fs
    this.#ids = options.ids
  }

  absolute(path: string): string {
    return path === '' ? this.root : `${this.root}/${path}`
  }

  /** P1 put-if-absent. False: the name was taken before. `text` must be this writer's own (nonce, id). */
  putIfAbsent(path: string, text: string, { durable = true }: WriteOptions = {}): boolean {
    return this.#guard(path, () => {
      const temporary = this.#writeTemporary(path, text, durable)
      try {
        const won = linkIfAbsent(this.#fs, temporary, this.absolute(path), text)
        if (won && durable) this.#fs.syncDirectory(this.absolute(parentOf(path)))
        return won
      } finally {
        discard(this.#fs, temporary)
      }
    })
  }

  /** As `putIfAbsent`, durable; the process may do other things while the disk syncs. */
  async putIfAbsentAside(path: string, text: string): Promise<boolean> {
    return await this.#guardAside(path, async () => {
      const directory = parentOf(path)
      const temporary = this.#temporaryIn(directory)
      const descriptor = this.#inDirectory(directory, () => this.#fs.create(temporary))
      try {
        await writeAndCloseAside(this.#fs, descriptor, text)
        const won = linkIfAbsent(this.#fs, temporary, this.absolute(path), text)
        if (won) await this.#fs.syncDirectoryAside(this.absolute(directory))
        return won
      } finally {
        discard(this.#fs, temporary)
      }
    })
  }

  /** P2 replace: readers see the old text or the new one. Nothing correct may depend on who wins. */
  replace(path: string, text: string, { durable = true }: WriteOptions = {}): void {
    this.#guard(path, () => {
      const temporary = this.#writeTemporary(path, text, durable)
      try {
        this.#fs.rename(temporary, this.absolute(path))
      } catch (error) {
        discard(this.#fs, temporary)
        throw error
      }
      if (durable) this.#fs.syncDirectory(this.absolute(parentOf(path)))
    })
  }

  /** As `replace`, durable; the process may do other things while the disk syncs. */
  async replaceAside(path: string, text: string): Promise<void> {
    await this.#guardAside(path, async () => {
      const directory = parentOf(path)
      const temporary = this.#temporaryIn(directory)
      const descriptor = this.#inDirectory(directory, () => this.#fs.create(temporary))
      try {
        await writeAndCloseAside(this.#fs, descriptor, text)
        this.#fs.rename(temporary, this.absolute(path))
      } catch (error) {
        discard(this.#fs, temporary)
        throw error
      }
      await this.#fs.syncDirectoryAside(this.absolute(directory))
    })
  }

  /** Appends to a file that no other process writes at this time, making it when it is missing. */
  append(path: string, text: string, { durable = true }: WriteOptions = {}): void {
    this.#guard(path, () => writeAndClose(this.#fs, this.#openAppend(path), text, durable))
  }

  /** As `append`, durable; the process may do other things while the disk syncs. */
  async appendAside(path: string, text: string): Promise<void> {
    await this.#guardAside(path, async () => {
      await writeAndCloseAside(this.#fs, this.#openAppend(path), text)
    })
  }

  /**
   * P1 for a file that is there already: gives it one more name. False: the name was taken before. `isOurs` tells from the
   * text under the name whether it is this file. The name may be lost with the machine's power.
   */
  nameIfAbsent(file: string, path: string, isOurs: (text: string) => boolean): boolean {
    return this.#guard(path, () => nameIfAbsent(this.#fs, this.absolute(file), this.absolute(path), isOurs))
  }

  /**
   * P1 with a file that only this process writes and whose text nobody reads under its old name: it gets a text of the
   * same length and, if that is free, the new name in the place of the old one. False: the name was taken before, or there
   * is no such file. Both may be lost with the machine's power.
   */
  reuse(file: string, path: string, text: string): boolean {
    return (
      this.#unlessGone(file, () => {
        writeAndClose(this.#fs, this.#fs.openExisting(this.absolute(file)), text, false)
        const won = nameIfAbsent(
          this.#fs,
          this.absolute(file),
          this.absolute(path),
          (found) => found === text,
        )
        if (won) discard(this.#fs, this.absolute(file))
        return won
      }) ?? false
    )
  }

  /** Makes the names in a directory durable; the process may do other things meanwhile. */
  async syncDirectoryAside(directory: string): Promise<void> {
    await this.#guardAside(directory, () => this.#fs.syncDirectoryAside(this.absolute(directory)))
  }

  /** Gives a file another name, and nothing when there is no such file (any more). */
  move(from: string, to: string): void {
    this.#unlessGone(from, () => this.#fs.rename(this.absolute(from), this.absolute(to)))
  }

  /** Makes an empty file whose mere name says something; harmless when it exists. */
  mark(path: string): void {
    this.#guard(path, () => {
      try {
        this.#fs.close(this.#fs.create(this.absolute(path)))
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
      }
    })
  }

  /** The file's text, null when there is none. An NFS client may believe in "none" for half a minute. */
  read(path: string): string | null {
    return this.#unlessGone(path, () => this.#fs.read(this.absolute(path)))
  }

  /** As `read`, but "none" is certain. */
  readFresh(path: string): string | null {
    const text = this.read(path)
    if (text !== null || this.barrier(parentOf(path)) === null) return text
    return this.read(path)
  }

  /** Size and time of a file. Certain only right after a barrier. */
  stat(path: string): FileStatus | null {
    return this.#unlessGone(path, () => this.#fs.stat(this.absolute(path)))
  }

  /** Names in a directory, temporary files included; empty when it is missing. */
  list(directory: string): readonly string[] {
    return this.#unlessGone(directory, () => this.#fs.list(this.absolute(directory))) ?? []
  }

  /** As `list`, but no name that exists is missing. */
  listFresh(directory: string): readonly string[] {
    return this.barrier(directory) === null ? [] : this.list(directory)
  }

  /**
   * Makes an NFS client forget what it believes about a directory, by changing the directory. Returns the server's
   * time in milliseconds: the only clock on which two machines agree. Null when the directory does not exist.
   */
  barrier(directory: string): number | null {
    const time = this.#touch(directory)
    if (time !== null) return time
    if (directory === '') throw new Fault('tree_missing', { path: this.root })
    // That the directory is missing may itself be old news.
    return this.barrier(parentOf(directory)) === null ? null : this.#touch(directory)
  }

  remove(path: string): void {
    this.#unlessGone(path, () => this.#fs.unlink(this.absolute(path)))
  }

  /** Removes a directory that is empty; one that is not is left alone. */
  removeDirectory(path: string): void {
    this.#unlessGone(path, () => {
      try {
        this.#fs.removeDirectory(this.absolute(path))
      } catch (error) {
        if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
      }
    })
  }

  /** Throws `tree_missing` where the root has lost its sentinel. */
  assertMounted(): void {
    if (this.read(this.#sentinel) === null) throw new Fault('tree_missing', { path: this.root })
  }

  /** With its parents below the root. Throws `tree_missing` when the root is not ours. */
  #makeDirectory(path: string): void {
    if (path === '') throw new Fault('tree_missing', { path: this.root })
    const parent = parentOf(path)
    if (parent === '') this.assertMounted()
    try {
      this.#fs.makeDirectory(this.absolute(path))
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return
      if (errorCode(error) !== 'ENOENT') throw error
      this.#makeDirectory(parent)
      this.#makeDirectory(path)
      return
    }
    this.#fs.syncDirectory(this.absolute(parent))
  }

  #temporaryIn(directory: string): string {
    return this.absolute(
      directory === '' ? TEMPORARY + this.#ids.next() : `${directory}/${TEMPORARY}${this.#ids.next()}`,
    )
  }

  #writeTemporary(path: string, text: string, durable: boolean): string {
    const directory = parentOf(path)
    const temporary = this.#temporaryIn(directory)
    this.#inDirectory(directory, () => writeNewFile(this.#fs, temporary, text, durable))
    return temporary
  }

  #openAppend(path: string): number {
    return this.#inDirectory(parentOf(path), () => this.#fs.openAppend(this.absolute(path)))
  }

  /** Makes the directory when it is missing. */
  #inDirectory<T>(directory: string, step: () => T): T {
    try {
      return step()
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      this.#makeDirectory(directory)
      return step()
    }
  }

  #touch(directory: string): number | null {
    const temporary = this.#temporaryIn(directory)
    return this.#unlessGone(directory, () => {
      const descriptor = this.#fs.create(temporary)
      try {
        return this.#fs.modifiedAt(descriptor)
      } finally {
        this.#fs.close(descriptor)
        discard(this.#fs, temporary)
      }
    })
  }

  #unlessGone<T>(path: string, step: () => T): T | null {
    return this.#guard(path, () => {
      try {
        return step()
      } catch (error) {
        if (isGone(error)) return null
        throw error
      }
    })
  }

  #guard<T>(path: string, step: () => T): T {
    try {
      return step()
    } catch (error) {
      throw storageFault(error, this.absolute(path))
    }
  }

  async #guardAside<T>(path: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      throw storageFault(error, this.absolute(path))
    }
  }
}
