import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from './server.ts'
import { temporaryDirectory } from './temporary.ts'

export interface Finished {
  readonly output: string
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
}

/** Starts `fs-child.ts` as real processes. Bundled once: loading thirty sources each time would take longer than the job. */
export class Children {
  readonly #script: string

  private constructor(script: string) {
    this.#script = script
  }

  static async prepare(): Promise<Children> {
    const outfile = join(temporaryDirectory(), 'child.mjs')
    await build({
      entryPoints: [join(ROOT, 'test/support/fs-child.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    })
    return new Children(outfile)
  }

  start(
    root: string,
    job: string,
    argument = '',
    killAt = 0,
  ): { process: ChildProcess; finished: Promise<Finished> } {
    const child = spawn(process.execPath, [this.#script, root, job, argument, String(killAt)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const add = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    const finished = once(child, 'close').then(([code, signal]) => ({
      output,
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }))
    return { process: child, finished }
  }

  /**
   * Runs a job again and again, each time in a fresh tree and killed one file operation later, until it finishes.
   * `check` sees what each death left. Returns the number of deaths.
   */
  async killEverywhere(options: {
    job: string
    argument: string
    prepare(root: string): Promise<void>
    check(root: string, finished: Finished): Promise<void>
  }): Promise<number> {
    let next = 1
    let last = Number.POSITIVE_INFINITY
    const worker = async (): Promise<void> => {
      while (next < last) {
        const at = next++
        const root = temporaryDirectory()
        await options.prepare(root)
        const finished = await this.start(root, options.job, options.argument, at).finished
        if (finished.signal !== 'SIGKILL') last = Math.min(last, at)
        if (finished.signal === null && finished.code !== 0) throw new Error(finished.output)
        try {
          await options.check(root, finished)
        } catch (error) {
          throw new Error(`killed at file operation ${at} of ${options.job}`, { cause: error })
        }
      }
    }
    await Promise.all([worker(), worker(), worker()])
    return last - 1
  }
}
