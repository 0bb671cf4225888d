// `npm run bench -- api`: what the edge of the local server costs. A client of its own process asks for the list of agents
// and for /health over kept connections: at a fixed rate of 1,000 requests/s (times), and as fast as it can (throughput),
// with one worker and with four. The baseline is a bare node:http server that answers the same bytes.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadJob, LoadResult } from './api/load.ts'

const SECONDS = 4
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

async function neamApi(workers: number): Promise<{ url: string; stop(): Promise<void> }> {
  const args = ['--program', 'examples/agents.neam', '--offline', '--port', '0', '--host', '127.0.0.1']
  const child = spawn(process.execPath, ['bin/neam-api.js', ...args, '--workers', String(workers)], {
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
  const url = await new Promise<string>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)
      if (found) resolve(found[0])
    })
  })
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function bare(): Promise<{ url: string; stop(): Promise<void> }> {
  const body = JSON.stringify({ status: 'ok' })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const ms = (value: number): string => `${value.toFixed(1)} ms`.padStart(9)

console.log(
  `${'server'.padEnd(26)}${`p50 at ${RATE}/s`.padStart(14)}${'p99'.padStart(10)}${'at most'.padStart(12)}`,
)
for (const [name, start] of [
  ['bare node:http', bare],
  ['neam-api, 1 worker', () => neamApi(1)],
  ['neam-api, 4 workers', () => neamApi(4)],
] as const) {
  const { url, stop } = await start()
  const job = { url, key: KEY, paths: PATHS, connections: CONNECTIONS, seconds: SECONDS }
  // Every worker compiles what it runs often by itself: first let all of them.
  await load({ ...job, rate: null })
  const steady = await load({ ...job, rate: RATE })
  const flat = await load({ ...job, rate: null })
  console.log(
    `${name.padEnd(26)}${ms(steady.p50).padStart(14)}${ms(steady.p99).padStart(10)}${`${Math.round(flat.perSecond)}/s`.padStart(12)}`,
  )
  await stop()
}
console.log('goals: p99 below 20 ms at 1,000 requests/s; four workers no slower than one')
rmSync(scratch, { recursive: true })
process.exit(0)
