// A client under its own process: `load.ts JOB`, answers a LoadResult to its parent.
import { Agent, request } from 'node:http'

export interface LoadJob {
  readonly url: string
  readonly key: string
  readonly paths: readonly string[]
  readonly connections: number
  readonly seconds: number
  /** Requests a second, evenly spread; null = one after the other on each connection. */
  readonly rate: number | null
}

export interface LoadResult {
  /** Milliseconds from when a request was due to the end of its answer. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

const job = JSON.parse(process.argv[2]!) as LoadJob
const agent = new Agent({ keepAlive: true, maxSockets: job.connections })
const times: number[] = []
let next = 0

function ask(due: number): Promise<void> {
  const path = job.paths[next++ % job.paths.length]!
  return new Promise((resolve, reject) => {
    const sent = request(
      job.url + path,
      { agent, headers: { authorization: `Bearer ${job.key}` } },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`))
        response.resume().on('end', () => {
          times.push(performance.now() - due)
          resolve()
        })
      },
    )
    sent.on('error', reject).end()
  })
}

const started = performance.now()
const ends = started + job.seconds * 1000

/** A request that is late because others were slow has waited all the same. */
async function evenly(rate: number): Promise<void> {
  const open: Promise<void>[] = []
  for (let n = 0; ; n += 1) {
    const due = started + (n * 1000) / rate
    if (due >= ends) break
    const wait = due - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    open.push(ask(Math.min(due, performance.now())))
  }
  await Promise.all(open)
}

async function flatOut(): Promise<void> {
  const chains = Array.from({ length: job.connections }, async () => {
    while (performance.now() < ends) await ask(performance.now())
  })
  await Promise.all(chains)
}

await (job.rate === null ? flatOut() : evenly(job.rate))
const spent = (performance.now() - started) / 1000
times.sort((a, b) => a - b)
const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
const result: LoadResult = { p50: at(0.5), p99: at(0.99), perSecond: times.length / spent }
process.send!(result, () => process.exit(0))
