import { spawn } from 'node:child_process'
import { type Stats, statSync } from 'node:fs'
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'

export interface IsolationOptions {
  /** PATH to find the tools on. */
  readonly path: string
  /** Whether commands may use the network; only bwrap can take it away. */
  readonly network: boolean
  /** Folders that commands must not see (sessions, state); only bwrap can hide them. */
  readonly hidden: readonly string[]
}

/** How a command is kept from what is not its workspace. */
export interface Isolation {
  /**
   * `bwrap`: own processes, read-only system, only the workspace writable, `.neam` and credentials hidden.
   * `unshare-mount`: own processes, `.neam` and credentials hidden. `unshare`: own processes only, so that it cannot read
   * ours. `none`: a scrubbed environment.
   */
  readonly name: 'bwrap' | 'unshare-mount' | 'unshare' | 'none'
  /** Program and arguments that run `sh -c command` in the workspace. */
  argv(command: string, workspace: string): readonly string[]
}

const shell = (command: string): readonly string[] => ['sh', '-c', command]

/** Where people and tools keep credentials, below the home folder. */
const CREDENTIALS = [
  ...['.aws', '.ssh', '.gnupg', '.kube', '.docker', '.azure', '.config/gcloud', '.config/gh', '.config/git'],
  ...['.git-credentials', '.gitconfig', '.netrc', '.npmrc', '.pypirc', '.pgpass'],
]

interface Hidden {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** What of these is there now. */
function existing(paths: readonly string[]): Hidden {
  const found = paths.map((path) => ({ path, status: statusOf(path) }))
  return {
    folders: found.filter(({ status }) => status?.isDirectory()).map(({ path }) => path),
    files: found.filter(({ status }) => status?.isFile()).map(({ path }) => path),
  }
}

/** What we may not look at, the commands of the same user may not either. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return undefined
    throw error
  }
}

/** None for a user without a home, such as an id in a container that no account has. */
function credentials(): readonly string[] {
  try {
    const home = homedir()
    return CREDENTIALS.map((path) => join(home, path))
  } catch {
    return []
  }
}

export function bwrap({ network, hidden }: IsolationOptions): Isolation {
  return {
    name: 'bwrap',
    argv(command, workspace) {
      const outside = existing([...credentials(), ...hidden])
      return [
        'bwrap',
        ...['--die-with-parent', '--new-session', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
        ...(network ? [] : ['--unshare-net']),
        ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
        ...outside.folders.flatMap((folder) => ['--tmpfs', folder]),
        ...outside.files.flatMap((file) => ['--ro-bind', '/dev/null', file]),
        ...['--bind', workspace, workspace, '--tmpfs', join(workspace, '.neam')],
        // A hidden folder that lies inside the workspace came back with the workspace.
        ...existing(hidden.filter((folder) => folder.startsWith(`${workspace}/`))).folders.flatMap(
          (folder) => ['--tmpfs', folder],
        ),
        ...['--chdir', workspace, '--', ...shell(command)],
      ]
    },
  }
}

/**
 * Hides what follows the first three arguments (folders, then files after `--`), and runs the command in a user namespace
 * below, as the user that it would be without us: what is mounted above it cannot undo.
 */
const HIDE = `user=$1 group=$2 command=$3 hide='mount -t tmpfs -o mode=700,size=64k tmpfs'
shift 3
for path; do
  if [ "$path" = -- ]; then hide='mount --bind /dev/null'; else $hide "$path" || exit 125; fi
done
exec unshare --user --map-user="$user" --map-group="$group" -- sh -c "$command"`

/** What bwrap does, as far as the tools of util-linux go. A folder that the workspace lies in is not hidden. */
export function unshareMount({ hidden }: Pick<IsolationOptions, 'hidden'>): Isolation {
  return {
    name: 'unshare-mount',
    argv(command, workspace) {
      const { folders, files } = existing([...credentials(), ...hidden, join(workspace, '.neam')])
      return [
        'unshare',
        ...['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
        ...['sh', '-c', HIDE, 'sh', String(process.getuid?.()), String(process.getgid?.()), command],
        ...folders.filter((folder) => !`${workspace}/`.startsWith(`${folder}/`)),
        ...['--', ...files],
      ]
    },
  }
}

export const unshare: Isolation = {
  name: 'unshare',
  argv: (command) => [
    'unshare',
    ...['--user', '--map-current-user', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
    ...shell(command),
  ],
}

export const noIsolation: Isolation = { name: 'none', argv: shell }

/**
 * The best isolation that works here, tried by running it where there is something to hide. Throws `service_unavailable`
 * when the machine has nothing left to run it with: that says nothing about what works here.
 */
export async function detectIsolation(options: IsolationOptions): Promise<Isolation> {
  const made = await mkdtemp(join(tmpdir(), 'neam-isolation-')).catch(() => null) // a read-only system has nothing to try
  const workspace = made ?? '/'
  try {
    if (made !== null) await mkdir(join(made, '.neam'))
    for (const isolation of [bwrap(options), unshareMount(options), unshare])
      if (await works(isolation, workspace, options.path)) return isolation
    return noIsolation
  } finally {
    if (made !== null) await removeEmpty([join(made, '.neam'), made])
  }
}

/** Takes no file descriptor, as a search for what lies in them would. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => {})
}

const PROBE_TIMEOUT_MS = 5000

/** No process or no file descriptor is left for now. */
const EXHAUSTED = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

function works(isolation: Isolation, workspace: string, path: string): Promise<boolean> {
  const [file = '', ...args] = isolation.argv('exit 42', workspace)
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: workspace, env: { PATH: path }, stdio: 'ignore' })
    const limit = setTimeout(() => child.kill('SIGKILL'), PROBE_TIMEOUT_MS)
    child.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      clearTimeout(limit)
      if (!EXHAUSTED.has(code)) return resolve(false)
      return reject(new Fault('service_unavailable', { service: 'the isolation of commands', problem: code }))
    })
    child.on('exit', (code) => {
      clearTimeout(limit)
      resolve(code === 42)
    })
  })
}
