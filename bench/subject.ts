// One process under measurement: `subject.mjs TASK` with a Task as JSON. It prints a Report.
import { join } from 'node:path'
import { countFileCalls, type FileCalls } from './file-calls.ts'
import { modelTime } from './model-time.ts'

export interface Task {
  readonly subject: 'baseline' | 'ours'
  /** Working directory; `sessions` below it is where sessions lie. */
  readonly directory: string
  /** Turns before the measurement, on sessions of their own; null = none, and CPU counts from the process's start. */
  readonly warm: { readonly turns: number; readonly sessions: number } | null
  /** In all; the sessions `s0`, `s1`, ... take turns. */
  readonly turns: number
  readonly sessions: number
  /** Turns in hand at the same time. */
  readonly atOnce: number
  readonly countFiles: boolean
}

export interface Report {
  /** A turn. */
  readonly cpuMs: number
  /** Of each turn, without the time that the model had. */
  readonly ownMs: readonly number[]
  readonly turnsASecond: number
  /** At most, so far. */
  readonly rssMb: number
  /** A turn; null when they were not counted. */
  readonly files: FileCalls | null
}

const task = JSON.parse(process.argv[2]!) as Task
const MESSAGE = 'What is the status of order ORD-12345?'
type Ask = (session: string) => Promise<string>

async function baseline(): Promise<Ask> {
  const { turn } = await import('./baseline/turn.ts')
  return (session) => turn(join(task.directory, `${session}.jsonl`), MESSAGE)
}

/** The deployed handler itself, called as API Gateway calls it. */
async function ours(): Promise<Ask> {
  const { handler } = (await import(process.env.BENCH_API_BUNDLE!)) as {
    handler(event: unknown, context: unknown): Promise<{ statusCode: number; body: string }>
  }
  const route = 'POST /api/v1/claw/{agent}/sessions/{key}/message'
  return async (session) => {
    const path = `/api/v1/claw/support_bot/sessions/${session}/message`
    const event = {
      version: '2.0',
      routeKey: route,
      rawPath: path,
      rawQueryString: '',
      headers: { 'content-type': 'application/json' },
      pathParameters: { agent: 'support_bot', key: session },
      requestContext: {
        requestId: 'bench',
        routeKey: route,
        stage: '$default',
        http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      },
      body: JSON.stringify({ message: MESSAGE }),
      isBase64Encoded: false,
    }
    const { statusCode, body } = await handler(event, {
      awsRequestId: 'bench',
      getRemainingTimeInMillis: () => 29_000,
    })
    if (statusCode !== 200) throw new Error(`${statusCode}: ${body}`)
    return (JSON.parse(body) as { response: string }).response
  }
}

// Before the product is loaded, which keeps the functions that it finds.
const calls = task.countFiles ? countFileCalls() : null
const ask = await (task.subject === 'ours' ? ours() : baseline())
const answer = async (session: string) => {
  const text = await ask(session)
  if (!text.includes('Shipped')) throw new Error(`wrong answer: ${text}`)
}
const { warm } = task
for (let turn = 0; turn < (warm?.turns ?? 0); turn++) await answer(`w${turn % warm!.sessions}`)

const before: FileCalls = { calls: 0, made: 0, synced: 0, bytes: 0, ...calls }
const inModel = modelTime()
const ownMs: number[] = []
const from = warm === null ? { user: 0, system: 0 } : process.cpuUsage()
const began = performance.now()
let next = 0
await Promise.all(
  Array.from({ length: task.atOnce }, async () => {
    while (next < task.turns) {
      const session = `s${next++ % task.sessions}`
      const [before, modelBefore] = [performance.now(), inModel()]
      await answer(session)
      ownMs.push(performance.now() - before - (inModel() - modelBefore))
    }
  }),
)
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage()
const a = (total: number) => total / task.turns
const report: Report = {
  cpuMs: a((user - from.user + system - from.system) / 1000),
  ownMs,
  turnsASecond: task.turns / seconds,
  rssMb: process.resourceUsage().maxRSS / 1024,
  files: calls && {
    calls: a(calls.calls - before.calls),
    made: a(calls.made - before.made),
    synced: a(calls.synced - before.synced),
    bytes: a(calls.bytes - before.bytes),
  },
}
console.log(JSON.stringify(report))
// What remains is keep-alive sockets; the measurement is over.
process.exit(0)
