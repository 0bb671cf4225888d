// The order bot of `bench -- start` and `bench -- claw`: the deployed bundle of the API next to the hand-written loop
// (bench/baseline/turn.ts), each in processes of its own, against a model on loopback that answers at once.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { bundleLambda, ROOT } from '../scripts/bundle.ts'
import { bakeCompileCache } from '../scripts/compile-cache/bake.ts'
import type { Report, Task } from './subject.ts'

const RUNTIME = join(ROOT, 'scripts/compile-cache/runtime.ts')

export type Subject = Task['subject']

export interface Run extends Report {
  /** From the start of the process to its last line. */
  readonly wallMs: number
}

export interface OrderBot {
  readonly bundles: Metafile
  readonly subjectBundle: Metafile
  /** A directory for a process: empty, or with the tree that a deployment makes. */
  directory(name: Subject | 'write'): string
  /** One process, from its start to the line it prints after its last reply. */
  measure(task: Task): Promise<Run>
  close(): void
}

/** `program` is Neam source with an agent `support_bot`. */
export async function orderBot(program: string): Promise<OrderBot> {
  const scratch = mkdtempSync(join(tmpdir(), 'neam-bench-'))
  const bundles = await bundleLambda(join(scratch, 'lambda'))
  await bakeCompileCache(join(scratch, 'lambda'), [process.execPath, RUNTIME])
  const { metafile: subjectBundle } = await build({
    absWorkingDir: ROOT,
    entryPoints: { subject: 'bench/subject.ts', baseline: 'bench/baseline/turn.ts' },
    outdir: join(scratch, 'subject'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
  })
  const source = join(scratch, 'agents.neam')
  writeFileSync(source, program)
  const compiled = spawnSync(process.execPath, ['bin/neamc.js', 'compile', source, '--output', scratch], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (compiled.status !== 0) throw new Error(compiled.stderr)

  const model = spawn(process.execPath, [join(ROOT, 'bench/mock-model.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const baseUrl = await new Promise<string>((resolve) => {
    model.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
  })
  const bundle = (file: string) => pathToFileURL(join(scratch, 'lambda', file)).href
  const makeTree = (directory: string) => {
    const call = `const { handler } = await import('${bundle('tree-init.mjs')}'); await handler()`
    const made = spawnSync(process.execPath, ['--input-type=module', '-e', call], {
      cwd: directory,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        NEAM_BYTECODE: scratch,
        NEAM_SESSIONS_DIR: join(directory, 'sessions'),
        NEAM_LOG_LEVEL: 'silent',
      },
    })
    if (made.status !== 0) throw new Error(made.stderr)
  }
  return {
    bundles,
    subjectBundle,
    directory(name) {
      const directory = mkdtempSync(join(scratch, `${name}-`))
      if (name === 'ours') makeTree(directory)
      return directory
    },
    measure: (task) =>
      measure(task, [join(scratch, 'subject/subject.mjs'), JSON.stringify(task)], {
        PATH: process.env.PATH,
        TMPDIR: scratch,
        OPENAI_API_KEY: 'bench',
        OPENAI_BASE_URL: baseUrl,
        NEAM_BYTECODE: scratch,
        NEAM_SESSIONS_DIR: join(task.directory, 'sessions'),
        NEAM_TREE: 'require',
        NEAM_LOG_LEVEL: 'silent',
        BENCH_API_BUNDLE: bundle('api.mjs'),
        // Dockerfile.lambda
        ...(task.subject === 'ours'
          ? { NODE_OPTIONS: `--require=${join(scratch, 'lambda/compile-cache.cjs')}` }
          : {}),
      }),
    close() {
      model.kill()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

function measure(task: Task, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  const started = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: task.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  return new Promise((resolve, reject) => {
    let errors = ''
    let last = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    child.stdout.on('data', (chunk: Buffer) => {
      last += chunk.toString()
    })
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`${task.subject} failed: ${errors}`))
      const report = JSON.parse(last.trim().split('\n').at(-1)!) as Report
      resolve({ wallMs: performance.now() - started, ...report })
    })
  })
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!

export function print(figure: string, unit: string, baseline: number, ours: number, goal: string): void {
  const ratio = (ours / baseline).toFixed(2)
  console.log(
    `${figure.padEnd(46)} ${ours.toFixed(1).padStart(8)} ${unit.padEnd(3)} baseline ${baseline.toFixed(1).padStart(8)} ${unit.padEnd(3)} ratio ${ratio.padStart(5)}  (${goal})`,
  )
}
