// `npm run bench -- sessions`: what a serving process keeps of sessions that it has served. Sessions of two turns go
// through the handlers with the offline model, on a file system in memory where there is one; the heap is told after
// garbage collection, so that what grows is kept.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { loadModule } from '../cli/program-file.ts'
import { createHandlers } from '../lambda/handlers.ts'
import { noDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'
import { systemClock } from '../runtime/time.ts'

const STEPS = [100, 500, 1000, 2000]
const ROUTE = 'POST /api/v1/claw/{agent}/sessions/{key}/message'
const AGENT = 'support_bot'

const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neam-bench-sessions-'))
const environment = {
  NEAM_OFFLINE: '1',
  NEAM_AUDIT_SINK: 'none',
  NEAM_MEMORY_DIR: join(scratch, 'memory'),
}
const system = await createSystem({
  module: await loadModule(fileURLToPath(new URL('../examples/agents.neam', import.meta.url))),
  environment,
  settings: readSettings(environment, scratch),
  forgeDriver: noDriver,
  output: { emit: () => {}, print: () => {}, warn: (line) => console.error(line) },
})
const message = createHandlers({
  system: async () => system,
  clock: systemClock,
  tracing: system.world.tracing,
  storageTime: system.world.storageTime,
  log: () => {},
  streams: false,
  draining: () => false,
  uptimeSeconds: () => 0,
  shutdown: new AbortController().signal,
}).get(ROUTE)!

async function say(key: string, text: string): Promise<void> {
  const path = `/api/v1/claw/${AGENT}/sessions/${key}/message`
  const event = {
    routeKey: ROUTE,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    pathParameters: { agent: AGENT, key },
    requestContext: { http: { method: 'POST', path, sourceIp: '127.0.0.1' } },
    body: JSON.stringify({ message: text }),
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2
  const context = { awsRequestId: key, getRemainingTimeInMillis: () => 29_000 } as unknown as Context
  const { statusCode, body } = await message(event, context)
  if (statusCode !== 200) throw new Error(`${statusCode}: ${body}`)
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`.padStart(10)

console.log(`${'sessions'.padStart(8)}${'heap'.padStart(10)}${'resident'.padStart(10)}`)
let served = 0
for (const step of STEPS) {
  for (; served < step; served++) {
    await say(`user_${served}`, `I am number ${served}. ${'This is a long story. '.repeat(100)}`)
    await say(`user_${served}`, 'What is the status of order ORD-12345?')
  }
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  console.log(`${String(step).padStart(8)}${megabytes(heapUsed)}${megabytes(rss)}`)
}
rmSync(scratch, { recursive: true })
