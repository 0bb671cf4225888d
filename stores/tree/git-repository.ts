/**
 * The workspace's own repository, as data: which commit its branch is at, moving the branch, replacing the index.
 * Git itself is never run on it, so that nothing it configures can run. Every file is reached through the jail's
 * folders: a link inside `.git` leads nowhere.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { Fault } from '../../agents/ports/fault.ts'
import { errnoOf, type Folder, NotAFolder, within } from './workspace-folder.ts'
import { temporaryName } from './workspace-path.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants

const MAX_REF_BYTES = 4096
const MAX_EXCLUDE_BYTES = 64 * 1024
const MAX_PACKED_REFS_BYTES = 64 * 1024 * 1024

const COMMIT = /^[0-9a-f]{40}$/
const SYMBOLIC = /^ref: (refs\/heads\/\S+)$/

export interface Head {
  /** `refs/heads/main`; null = detached. */
  readonly ref: string | null
  /** Null before the first commit. */
  readonly commit: string | null
}

const unusable = (problem: string): Fault => new Fault('checkpoint_failed', { problem })

/** `refs/heads/a/b` as folders and a name. */
function refPlace(ref: string): { folders: string[]; name: string } {
  const components = ref.split('/')
  if (components.some((name) => name === '' || name === '.' || name === '..' || name.endsWith('.lock')))
    throw unusable(`the workspace's HEAD names ${JSON.stringify(ref)}, which is no branch`)
  return { folders: components.slice(0, -1), name: components.at(-1)! }
}

export class WorkspaceRepository {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /**
   * True when the workspace itself holds a repository, false when it holds none. Throws `checkpoint_failed` for
   * a `.git` that leads elsewhere (worktree, submodule, links) or a format we cannot write.
   */
  async exists(): Promise<boolean> {
    const git = await within(this.#root, [], (root) => root.stat('.git'))
    if (git === null) return false
    if (!git.isDirectory())
      throw unusable(
        'its .git leads elsewhere (a worktree, a submodule or a link); only a repository of its own is used',
      )
    await this.#in([], async (folder) => {
      for (const [name, isFolder] of [
        ['HEAD', false],
        ['objects', true],
        ['refs', true],
      ] as const) {
        const stats = await folder.stat(name)
        if (stats === null || stats.isDirectory() !== isFolder || stats.isSymbolicLink())
          throw unusable(`its .git/${name} is missing or leads elsewhere`)
      }
      if (await folder.stat('reftable')) throw unusable('repositories with reftable are not supported')
    })
    await this.#in(['objects'], async (folder) => {
      const link = (await folder.entries()).find((entry) => entry.isSymbolicLink())
      if (link) throw unusable(`its .git/objects/${link.name} is a symbolic link`)
    })
    return true
  }

  #in<T>(folders: readonly string[], use: (folder: Folder) => Promise<T>, make = false): Promise<T> {
    return within(this.#root, ['.git', ...folders], use, { make })
  }

  /** Text of a file under `.git`, null when it is missing. */
  async #read(folders: readonly string[], name: string, limit: number): Promise<string | null> {
    try {
      return await this.#in(folders, async (folder) => {
        await using handle = await folder.openFile(name, O_RDONLY)
        const stats = await handle.stat()
        const path = ['.git', ...folders, name].join('/')
        if (!stats.isFile() || stats.size > limit) throw unusable(`${path} is not a readable file`)
        return await handle.readFile('utf8')
      })
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      if (error instanceof NotAFolder || errnoOf(error) === 'ELOOP')
        throw unusable(`a symbolic link lies in .git on the way to ${name}`)
      throw error
    }
  }

  async head(): Promise<Head> {
    const text = (await this.#read([], 'HEAD', MAX_REF_BYTES))?.trim() ?? ''
    if (COMMIT.test(text)) return { ref: null, commit: text }
    const ref = SYMBOLIC.exec(text)?.[1]
    if (ref === undefined) throw unusable('its .git/HEAD names no branch and no SHA-1 commit')
    return { ref, commit: await this.#commitOf(ref) }
  }

  async #commitOf(ref: string): Promise<string | null> {
    const { folders, name } = refPlace(ref)
    const loose = (await this.#read(folders, name, MAX_REF_BYTES))?.trim()
    const commit = loose ?? (await this.#packed(ref))
    if (commit !== null && !COMMIT.test(commit)) throw unusable(`its ${ref} holds no SHA-1 commit`)
    return commit
  }

  async #packed(ref: string): Promise<string | null> {
    const text = (await this.#read([], 'packed-refs', MAX_PACKED_REFS_BYTES)) ?? ''
    const line = text.split('\n').find((candidate) => candidate.endsWith(` ${ref}`))
    return line?.split(' ', 1)[0] ?? null
  }

  /** The user's own excludes, "" when there are none. */
  async exclude(): Promise<string> {
    return (await this.#read(['info'], 'exclude', MAX_EXCLUDE_BYTES)) ?? ''
  }

  /**
   * Moves the branch (or the detached HEAD) from where `head` says to `commit`, under git's own lock. `isOurs`
   * tells whether a lock that is in the way was left by a killed try of this run. Throws `checkpoint_lost` when
   * the branch has moved meanwhile.
   */
  async moveHead(head: Head, commit: string, isOurs: (commit: string) => Promise<boolean>): Promise<void> {
    const { folders, name } = refPlace(head.ref ?? 'HEAD')
    const lock = `${name}.lock`
    const left = (await this.#read(folders, lock, MAX_REF_BYTES))?.trim()
    const stale = left !== undefined && COMMIT.test(left) && (await isOurs(left))
    await this.#in(
      folders,
      async (folder) => {
        if (stale) await folder.removeFile(lock)
        const temporary = await this.#temporary(folder, `${commit}\n`)
        try {
          await folder.linkFile(temporary, lock) // the lock is complete from the moment it exists
        } catch (error) {
          if (errnoOf(error) !== 'EEXIST') throw error
          const path = ['.git', ...folders, lock].join('/')
          throw unusable(`another git process holds ${path}; remove the file if none runs`)
        } finally {
          await folder.removeFile(temporary)
        }
        const now = await this.head()
        if (now.ref !== head.ref || now.commit !== head.commit) {
          await folder.removeFile(lock)
          throw new Fault('checkpoint_lost', {
            problem: `${head.ref ?? 'HEAD'} moved while a checkpoint was made`,
          })
        }
        await folder.move(lock, folder, name)
        await folder.sync()
      },
      true,
    )
  }

  /** Sets a ref of our own, outside of `refs/heads`. */
  async setRef(ref: string, id: string): Promise<void> {
    const { folders, name } = refPlace(ref)
    await this.#in(
      folders,
      async (folder) => {
        await folder.move(await this.#temporary(folder, `${id}\n`), folder, name)
        await folder.sync()
      },
      true,
    )
  }

  async removeRef(ref: string): Promise<void> {
    const { folders, name } = refPlace(ref)
    try {
      await this.#in(folders, (folder) => folder.removeFile(name))
      await this.#in(folders.slice(0, -1), (folder) => folder.removeFolder(folders.at(-1)!))
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error
    }
  }

  /** Replaces the index with one that describes the same work tree, so that `git status` is right at once. */
  replaceIndex(index: Buffer): Promise<void> {
    return this.#in([], async (folder) => {
      await folder.move(await this.#temporary(folder, index), folder, 'index')
    })
  }

  async #temporary(folder: Folder, content: string | Buffer): Promise<string> {
    const name = temporaryName(randomBytes(8).toString('hex'))
    try {
      await using handle = await folder.openFile(name, O_WRONLY | O_CREAT | O_EXCL)
      await handle.writeFile(content)
      await handle.sync()
      return name
    } catch (error) {
      await folder.removeFile(name).catch(() => {}) // the first error is the one that matters
      throw error
    }
  }
}
