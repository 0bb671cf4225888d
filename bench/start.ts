// `npm run bench` (or `npm run bench -- start`): the product's figures next to a hand-written baseline, measured in alternation in one run.
// Read the ratios; absolute times are this machine's.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { bundleLambda, initialBytes, ROOT } from '../scripts/bundle.ts'

const COLD_ROUNDS = 9
const WARM_TURNS = 300
const WARM_ROUNDS = 3
type Subject = 'baseline' | 'ours'
const SUBJECTS: readonly Subject[] = ['baseline', 'ours']

const scratch = mkdtempSync(join(tmpdir(), 'neam-bench-'))
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const bundles = await bundleLambda(join(scratch, 'lambda'))
const subjectBundle = await build({
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
const compiled = spawnSync(
  process.execPath,
  ['bin/neamc.js', 'compile', 'examples/agents.neam', '--output', scratch],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
if (compiled.status !== 0) throw new Error(compiled.stderr)

const model = spawn(process.execPath, [join(ROOT, 'bench/mock-model.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const baseUrl = await new Promise<string>((resolve) => {
  model.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
})

interface Run {
  readonly wallMs: number
  readonly cpuMs: number
  readonly rssMb: number
}

/** One process, from its start to the line it prints after its last reply. */
function measure(subject: Subject, turns: number): Promise<Run> {
  const directory = mkdtempSync(join(scratch, `${subject}-`))
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [join(scratch, 'subject/subject.mjs'), subject, directory, String(turns)],
    {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        OPENAI_API_KEY: 'bench',
        OPENAI_BASE_URL: baseUrl,
        NEAM_BYTECODE: scratch,
        NEAM_SESSIONS_DIR: join(directory, 'sessions'),
        NEAM_LOG_LEVEL: 'silent',
        BENCH_API_BUNDLE: pathToFileURL(join(scratch, 'lambda/api.mjs')).href,
      },
    },
  )
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
      if (code !== 0) return reject(new Error(`${subject} failed: ${errors}`))
      const report = last.trim().split('\n').at(-1)!
      resolve({ wallMs: performance.now() - started, ...(JSON.parse(report) as Omit<Run, 'wallMs'>) })
    })
  })
}

async function alternate(turns: number, rounds: number): Promise<Record<Subject, Run>> {
  const runs: Record<Subject, Run[]> = { baseline: [], ours: [] }
  for (const subject of SUBJECTS) await measure(subject, turns)
  for (let round = 0; round < rounds; round++) {
    for (const subject of SUBJECTS) runs[subject].push(await measure(subject, turns))
  }
  const of = (subject: Subject): Run => ({
    wallMs: median(runs[subject].map((run) => run.wallMs)),
    cpuMs: median(runs[subject].map((run) => run.cpuMs)),
    rssMb: median(runs[subject].map((run) => run.rssMb)),
  })
  return { baseline: of('baseline'), ours: of('ours') }
}

function print(figure: string, unit: string, baseline: number, ours: number, goal: string): void {
  const ratio = (ours / baseline).toFixed(2)
  console.log(
    `${figure.padEnd(46)} ${ours.toFixed(1).padStart(8)} ${unit.padEnd(3)} baseline ${baseline.toFixed(1).padStart(8)} ${unit.padEnd(3)} ratio ${ratio.padStart(5)}  (${goal})`,
  )
}

try {
  console.log(
    'baseline: a hand-written loop with the openai package, one tool, a JSONL session (bench/baseline/turn.ts)\n',
  )
  const cold = await alternate(1, COLD_ROUNDS)
  print('process start to first reply, wall', 'ms', cold.baseline.wallMs, cold.ours.wallMs, 'goal 1.0')
  print('process start to first reply, CPU', 'ms', cold.baseline.cpuMs, cold.ours.cpuMs, 'goal 1.0')
  print('peak memory at the first reply', 'MB', cold.baseline.rssMb, cold.ours.rssMb, 'goal 1.0')
  const warm = await alternate(WARM_TURNS, WARM_ROUNDS)
  print(
    `CPU per turn, ${WARM_TURNS} turns on one session`,
    'ms',
    warm.baseline.cpuMs,
    warm.ours.cpuMs,
    'goal 1.5',
  )
  const kb = (bytes: number) => bytes / 1024
  print(
    'bundle before the first request, minified',
    'KB',
    kb(initialBytes(subjectBundle.metafile, 'baseline.mjs')),
    kb(initialBytes(bundles, '/api.mjs')),
    'goal <= 250 KB',
  )
} finally {
  model.kill()
  rmSync(scratch, { recursive: true, force: true })
}
