import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll } from '@jest/globals'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Processes that have not ended, and their ends. */
const running = new Map<ChildProcess, Promise<unknown>>()
/** A server that does not end by itself in this time is killed. */
const PATIENCE_MS = 10_000

export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Of its process. */
  readonly pid: number
  /** What it printed on stderr so far. */
  log(): string
  /** Its exit code, null of one that a signal ended, when all that it printed is there. */
  readonly ended: Promise<number | null>
  /** SIGTERM, then its exit code. */
  stop(): Promise<number | null>
  /** SIGKILL to the process that was started, and to no other. */
  kill(): void
}

/** Starts a real server process and waits for the line that names its URL. `script` is relative to the project. */
export const startServer = (
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string = ROOT,
): Promise<Server> =>
  startCommand(process.execPath, [`${ROOT}${script}`, '--port', '0', ...args], { env, cwd })

export interface CommandOptions {
  /** PATH is ours unless it is given. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Another user than ours. */
  readonly uid?: number
}

/** The same for any command that ends up as a server, such as the entrypoint of an image. */
export async function startCommand(
  command: string,
  args: readonly string[],
  { env, ...options }: CommandOptions,
): Promise<Server> {
  const child = spawn(command, args, {
    ...options,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  running.set(child, exited)
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const url = await new Promise<string>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      log += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)
      if (found) resolve(found[0])
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    exited.then((code) => reject(new Error(`the server exited with ${code}: ${log}`)), reject)
  })
  return {
    url,
    pid: child.pid as number,
    log: () => log,
    ended,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
    kill: () => {
      child.kill('SIGKILL')
    },
  }
}

// Told, and not killed: one that was started by another program (`npm start`) would live on.
afterAll(async () => {
  for (const child of running.keys()) child.kill('SIGTERM')
  const overdue = setTimeout(() => {
    for (const child of running.keys()) child.kill('SIGKILL')
  }, PATIENCE_MS)
  await Promise.all(running.values())
  clearTimeout(overdue)
})
