import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll } from '@jest/globals'
import { ROOT } from './server.ts'

const running = new Set<ChildProcess>()

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Sees all of stdout so far, at each new piece of it. */
  readonly onStdout?: (text: string, child: ChildProcess) => void
  /** Sees all of stderr so far, at each new piece of it. */
  readonly onStderr?: (text: string, child: ChildProcess) => void
}

/** Runs one of our programs as a user does: a real process of `bin/`. */
export function runBin(name: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const child = spawn(process.execPath, [`${ROOT}bin/${name}.js`, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    options.onStdout?.(stdout, child)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    options.onStderr?.(stderr, child)
  })
  child.stdin.end(options.input ?? '')
  return new Promise((resolve) => {
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
}

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})
