// One process under measurement: `subject.mjs baseline|ours DIRECTORY TURNS`. It answers TURNS messages on one session
// after a tenth as many warm-up turns, and prints its CPU per turn. With one turn it prints the CPU since its start.
import { join } from 'node:path'

const [subject, directory, count] = process.argv.slice(2) as [string, string, string]
const turns = Number(count)
const MESSAGE = 'What is the status of order ORD-12345?'

async function baseline(): Promise<() => Promise<string>> {
  const { turn } = await import('./baseline/turn.ts')
  return () => turn(join(directory, 'session.jsonl'), MESSAGE)
}

/** The deployed handler itself, called as API Gateway calls it. */
async function ours(): Promise<() => Promise<string>> {
  const { handler } = (await import(process.env.BENCH_API_BUNDLE!)) as {
    handler(event: unknown, context: unknown): Promise<{ statusCode: number; body: string }>
  }
  const route = 'POST /api/v1/claw/{agent}/sessions/{key}/message'
  const path = '/api/v1/claw/support_bot/sessions/bench/message'
  const event = {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    pathParameters: { agent: 'support_bot', key: 'bench' },
    requestContext: {
      requestId: 'bench',
      routeKey: route,
      stage: '$default',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
    },
    body: JSON.stringify({ message: MESSAGE }),
    isBase64Encoded: false,
  }
  return async () => {
    const { statusCode, body } = await handler(event, {
      awsRequestId: 'bench',
      getRemainingTimeInMillis: () => 29_000,
    })
    if (statusCode !== 200) throw new Error(`${statusCode}: ${body}`)
    return (JSON.parse(body) as { response: string }).response
  }
}

const once = await (subject === 'ours' ? ours() : baseline())
const answer = async () => {
  const text = await once()
  if (!text.includes('Shipped')) throw new Error(`wrong answer: ${text}`)
}
if (turns > 1) for (let warm = 0; warm < turns / 10; warm++) await answer()
const from = turns > 1 ? process.cpuUsage() : { user: 0, system: 0 }
for (let turn = 0; turn < turns; turn++) await answer()
const { user, system } = process.cpuUsage()
const cpuMs = (user - from.user + system - from.system) / 1000
console.log(JSON.stringify({ cpuMs: cpuMs / turns, rssMb: process.resourceUsage().maxRSS / 1024 }))
// What remains is keep-alive sockets; the measurement is over.
process.exit(0)
