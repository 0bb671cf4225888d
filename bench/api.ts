// `npm run bench -- api`: what the edge of the local server costs. A client of its own process asks for the list of agents
// and for /health over kept connections: at a fixed rate of 1,000 requests/s (times), and as fast as it can (throughput),
// with one worker, two and four. The baseline is a bare node:http server that answers the same bytes. Servers take turns in
// several rounds, and medians are told: what else the machine does meanwhile falls on all of them.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadJob, LoadResult } from './api/load.ts'
import { usedBy } from './api/server-cpu.ts'

const ROUNDS = 5
const SECONDS = 3
const RATE = 1000
const CONNECTIONS = 16
const KEY = 'the-key-of-the-bench'
const PATHS = ['/health', '/api/v1/claw']
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const scratch = mkdtempSync(join(tmpdir(), 'neam-bench-api-'))

/** Load from a process of its own: it must not take turns with what it measures. */
async function load(job: LoadJob): Promise<LoadResult> {
  const child = fork(new URL('api/load.ts', import.meta.url), [JSON.stringify(job)])
  const [result] = (await once(child, 'message')) as [LoadResult]
  return result
}

interface Subject {
  readonly name: string
  readonly url: string
  /** Processes that serve. */
  readonly count: number
  readonly process: ChildProcess
}

/** A server in a process of its own, once it has told its address. */
async function serve(name: string, count: number, args: readonly string[]): Promise<Subject> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      NEAM_API_KEY: KEY,
      NEAM_SESSIONS_DIR: join(scratch, 'sessions'),
      NEAM_LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)
      if (found) resolve(found[0])
    })
    child.once('exit', () => reject(new Error(log)))
  })
  return { name, url, count, process: child }
}

const neamApi = (workers: number): Promise<Subject> =>
  serve(`neam-api, ${workers} worker${workers === 1 ? '' : 's'}`, workers, [
    'bin/neam-api.js',
    ...['--program', 'examples/agents.neam', '--offline', '--port', '0', '--host', '127.0.0.1'],
    ...['--workers', String(workers)],
  ])

const FIELDS = ['p50', 'p99', 'perSecond', 'cpu', 'switches', 'clientCpu'] as const
type Round = Readonly<Record<(typeof FIELDS)[number], number>>

const jobFor = (url: string, rate: number | null): LoadJob => ({
  url,
  key: KEY,
  paths: PATHS,
  connections: CONNECTIONS,
  seconds: SECONDS,
  rate,
})

/** Times at the fixed rate; what a request costs when they come as fast as they can. */
async function round({ url, process: { pid } }: Subject): Promise<Round> {
  const { p50, p99 } = await load(jobFor(url, RATE))
  const before = usedBy(pid!)
  const { requests, perSecond, cpu: clientCpu } = await load(jobFor(url, null))
  const after = usedBy(pid!)
  const each = (field: 'cpu' | 'switches') =>
    before === null || after === null ? Number.NaN : (after[field] - before[field]) / requests
  return { p50, p99, perSecond, cpu: each('cpu'), switches: each('switches'), clientCpu }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const subjects = [
  await serve('bare node:http', 1, ['bench/api/bare.ts']),
  await neamApi(1),
  await neamApi(2),
  await neamApi(4),
]
// Every process compiles what it runs often by itself, and of several each sees a part of the requests.
for (const { url, count } of subjects) for (let n = 0; n < 3 * count; n += 1) await load(jobFor(url, null))
const rounds = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]))
for (let n = 0; n < ROUNDS; n += 1)
  for (const [subject, measured] of rounds) measured.push(await round(subject))

console.log(
  `${'server'.padEnd(22)}${`p50 at ${RATE}/s`.padStart(14)}${'p99'.padStart(9)}${'at most'.padStart(11)}${'CPU each'.padStart(11)}${'switches'.padStart(10)}${"client's CPU".padStart(14)}`,
)
for (const [{ name }, measured] of rounds) {
  const of = Object.fromEntries(
    FIELDS.map((field) => [field, median(measured.map((one) => one[field]))]),
  ) as Round
  console.log(
    [
      name.padEnd(22),
      `${of.p50.toFixed(1)} ms`.padStart(14),
      `${of.p99.toFixed(1)} ms`.padStart(9),
      `${Math.round(of.perSecond)}/s`.padStart(11),
      `${Math.round(of.cpu)} µs`.padStart(11),
      of.switches.toFixed(2).padStart(10),
      `${Math.round(of.clientCpu)} µs`.padStart(14),
    ].join(''),
  )
}
console.log('goals: p99 below 20 ms at 1,000 requests/s; four workers no slower than one')
for (const { process: child } of subjects) {
  child.kill('SIGTERM')
  await once(child, 'exit')
}
rmSync(scratch, { recursive: true })
process.exit(0)
