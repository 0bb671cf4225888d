import { spawn } from 'node:child_process'
import { Fault } from '../../agents/ports/fault.ts'

export interface GitCall {
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment: nothing of ours is passed on. */
  readonly env: Readonly<Record<string, string>>
  /** Bytes for standard input. */
  readonly input?: Buffer
}

/** Runs git with an argument list, never a shell; answers its standard output. Throws GitFailed. */
export type Git = (call: GitCall) => Promise<Buffer>

export class GitFailed extends Error {
  readonly problem: string

  constructor(problem: string) {
    super(problem)
    this.problem = problem
  }
}

/** Longer than any step on a workspace that fits the limits. */
const TIMEOUT_MS = 10 * 60_000
const MAX_STDERR = 4096

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? ''

export const spawnGit: Git = ({ args, cwd, env, input }) =>
  new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env })
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const problem = cause.code === 'ENOENT' ? 'git is not installed' : `git did not start (${cause.code})`
      reject(new Fault('checkpoint_failed', { problem }))
    })
    // The error above follows. A child that got no file descriptors has no streams to listen to.
    if (child.pid === undefined) return
    const limit = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    const stdout: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < MAX_STDERR) stderr += chunk.toString()
    })
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      if (code === 0) return resolve(Buffer.concat(stdout))
      const why = signal ? `killed by ${signal}` : firstLine(stderr) || `exit code ${code}`
      return reject(new GitFailed(`git ${args[0]}: ${why}`))
    })
    child.stdin.on('error', () => {}) // git ended before it read all; its exit code tells why
    child.stdin.end(input)
  })
