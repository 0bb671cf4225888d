import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './checkpoint-record.ts'
import type { Git } from './git-command.ts'

/** Nothing that could start a program, change bytes or read another file. Durable before a ref may name it. */
const CONFIG = `[core]
	repositoryformatversion = 0
	bare = false
	fileMode = true
	symlinks = true
	autocrlf = false
	safecrlf = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	excludesFile = /dev/null
	fsmonitor = false
	untrackedCache = false
	protectNTFS = false
	fsync = committed
	fsyncMethod = fsync
[gc]
	auto = 0
[maintenance]
	auto = false
[commit]
	gpgSign = false
[protocol]
	allow = never
`

/** Unsets every conversion that a `.gitattributes` of the workspace could ask for. */
const RAW_ATTRIBUTES = '* -text -eol !ident !filter !working-tree-encoding\n'

/** Names that are ours, wherever they lie. */
export const EXCLUDES = '.neam/\n.neam-*.tmp\n'

export interface PrivateRepositoryOptions {
  readonly git: Git
  /** The GIT_DIR, outside the workspace. */
  readonly dir: string
  readonly workspace: string
  /** PATH to find git on. */
  readonly path: string
  /** `bytes`: files are stored as they lie on disk; `attributes`: line ends as `.gitattributes` says. */
  readonly content: 'bytes' | 'attributes'
}

/**
 * A git dir of our own with its own config and index whose work tree is the workspace and whose objects go to the
 * workspace's `.git/objects`. Git run with it never reads the workspace's config, hooks or filters.
 */
export class PrivateRepository {
  readonly workspace: string
  readonly index: string
  readonly #options: PrivateRepositoryOptions

  constructor(options: PrivateRepositoryOptions) {
    this.#options = options
    this.workspace = options.workspace
    this.index = join(options.dir, 'index')
  }

  /** Makes what is missing and removes locks that a killed git left; the caller holds the run's lease. */
  async prepare(exclude: string): Promise<void> {
    const { dir, content } = this.#options
    for (const folder of ['info', 'objects', 'refs']) await mkdir(join(dir, folder), { recursive: true })
    const files = {
      HEAD: 'ref: refs/heads/neam\n',
      config: CONFIG,
      'info/exclude': EXCLUDES + exclude,
      'info/attributes': content === 'bytes' ? RAW_ATTRIBUTES : '',
    }
    for (const [name, text] of Object.entries(files)) {
      const path = join(dir, name)
      const old = await readFile(path, 'utf8').catch(() => null)
      if (old !== text) await replaceFile(path, text)
    }
    for (const name of await readdir(dir)) if (name.endsWith('.lock')) await rm(join(dir, name))
  }

  /** Output in latin1: one character a byte, because paths need not be UTF-8. */
  async run(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const { git, dir, workspace, path } = this.#options
    const output = await git({
      args,
      cwd: workspace,
      env: {
        ...bareEnvironment(path, dir),
        GIT_DIR: dir,
        GIT_WORK_TREE: workspace,
        GIT_OBJECT_DIRECTORY: join(workspace, '.git/objects'),
        ...options.env,
      },
      ...(options.input === undefined ? {} : { input: Buffer.from(options.input, 'latin1') }),
    })
    return output.toString('latin1')
  }

  /** NUL-separated output. */
  async list(args: readonly string[], options: { readonly input?: string } = {}): Promise<string[]> {
    return (await this.run(args, options)).split('\0').filter((item) => item !== '')
  }

  /**
   * The index becomes the tree (`null` = nothing), and what is known about unchanged files is kept. `-i`: the files
   * of the workspace may differ from both.
   */
  async load(tree: string | null): Promise<void> {
    await this.run(tree === null ? ['read-tree', '--empty'] : ['read-tree', '-i', '-m', tree])
  }
}

/** No configuration but the one in the git dir, no prompt, no program of the user's. */
export const bareEnvironment = (path: string, home: string): Record<string, string> => ({
  PATH: path,
  HOME: home,
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_TERMINAL_PROMPT: '0',
})
