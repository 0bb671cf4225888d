import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

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
   * `unshare`: own processes only, so that it cannot read ours. `none`: a scrubbed environment.
   */
  readonly name: 'bwrap' | 'unshare' | 'none'
  /** Program and arguments that run `sh -c command` in the workspace. */
  argv(command: string, workspace: string): readonly string[]
}

const shell = (command: string): readonly string[] => ['sh', '-c', command]

/** Where people and tools keep credentials, below the home folder. */
const CREDENTIALS = ['.aws', '.ssh', '.gnupg', '.kube', '.docker', '.azure', '.config/gcloud', '.config/gh']

export function bwrap({ network, hidden }: IsolationOptions): Isolation {
  return {
    name: 'bwrap',
    argv(command, workspace) {
      const credentials = CREDENTIALS.map((folder) => join(homedir(), folder))
      const outside = [...credentials, ...hidden].filter((folder) => existsSync(folder))
      return [
        'bwrap',
        ...['--die-with-parent', '--new-session', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
        ...(network ? [] : ['--unshare-net']),
        ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
        ...outside.flatMap((folder) => ['--tmpfs', folder]),
        ...['--bind', workspace, workspace, '--tmpfs', join(workspace, '.neam')],
        // A hidden folder that lies inside the workspace came back with the workspace.
        ...hidden
          .filter((folder) => folder.startsWith(`${workspace}/`) && existsSync(folder))
          .flatMap((folder) => ['--tmpfs', folder]),
        ...['--chdir', workspace, '--', ...shell(command)],
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

/** The best isolation that works here, tried by running it. */
export async function detectIsolation(options: IsolationOptions): Promise<Isolation> {
  for (const isolation of [bwrap(options), unshare])
    if (await works(isolation, options.path)) return isolation
  return noIsolation
}

const PROBE_TIMEOUT_MS = 5000

function works(isolation: Isolation, path: string): Promise<boolean> {
  const [file = '', ...args] = isolation.argv('exit 42', '/tmp')
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: '/', env: { PATH: path }, stdio: 'ignore' })
    const limit = setTimeout(() => child.kill('SIGKILL'), PROBE_TIMEOUT_MS)
    const settle = (answer: boolean) => {
      clearTimeout(limit)
      resolve(answer)
    }
    child.on('error', () => settle(false))
    child.on('exit', (code) => settle(code === 42))
  })
}
