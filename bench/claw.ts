// `npm run bench -- claw`: what a turn costs besides the model, by length of history and number of sessions, next to a
// hand-written loop that writes a line and syncs nothing (bench/baseline/turn.ts), and next to one durable write.
import { closeSync, fdatasyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemHash, systemIds } from '../runtime/ids.ts'
import { systemClock, systemTimers } from '../runtime/time.ts'
import { nodeFs } from '../stores/tree/node-fs.ts'
import { createTree } from '../stores/tree/tree.ts'
import { median, orderBot, print, quantile, type Run, type Subject } from './order-bot.ts'
import type { Task } from './subject.ts'

const ROUNDS = 3
const WARM = { turns: 100, sessions: 50 }
const SUBJECTS: readonly Subject[] = ['baseline', 'ours']

const bot = await orderBot(`
skill lookup_order {
  description: "Look up order status by order ID"
  params: { order_id: string }
  impl(order_id) { return "Order " + order_id + ": Shipped, arriving Tuesday"; }
}
channel web { type: "http" }
claw agent support_bot {
  provider: "openai"
  model: "gpt-4o"
  system: "You are a customer support agent for Acme Corp."
  temperature: 0.3
  channels: [web]
  skills: [lookup_order]
  session: { max_history_turns: 100000 }
  lanes: { default: { concurrency: 32, priority: "normal" } }
}`)

type Shape = Omit<Task, 'subject' | 'directory' | 'warm' | 'countFiles'> & {
  /** Messages in each session before. */
  readonly history: number
}

const conversation = (messages: number) =>
  Array.from({ length: messages }, (_, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content:
      index % 2 === 0
        ? 'What is the status of order ORD-12345?'
        : 'Here it is: Order ORD-12345: Shipped, arriving Tuesday',
    ts: '2026-11-21T10:00:00Z',
  }))

/** The sessions as they are after so many messages. */
async function prepare(subject: Subject, { history, sessions }: Shape): Promise<string> {
  const directory = bot.directory(subject)
  if (history === 0) return directory
  const messages = conversation(history)
  const keys = Array.from({ length: sessions }, (_, index) => `s${index}`)
  if (subject === 'baseline') {
    const text = messages.map(({ role, content }) => `${JSON.stringify({ role, content })}\n`).join('')
    for (const key of keys) writeFileSync(join(directory, `${key}.jsonl`), text)
    return directory
  }
  const sessionsDir = join(directory, 'sessions')
  const tree = createTree({
    sessionsDir,
    stateDir: join(sessionsDir, '.state'),
    fs: nodeFs,
    clock: systemClock,
    timers: systemTimers,
    ids: systemIds(systemClock),
    hash: systemHash,
    mode: 'create',
  })
  const now = Date.now()
  for (const key of keys) {
    const ref = { agent: 'support_bot', key }
    const lease = await tree.sessions.acquire(ref, { purpose: 'prepare', ttlMs: 1000, waitMs: 0 })
    const base = await tree.sessions.open(ref, lease!)
    const draft = {
      kind: 'turn' as const,
      turn: null,
      sessionId: key,
      messages,
      compactions: 0,
      startedAt: now,
      lastActivityAt: now,
    }
    await tree.sessions.commit(ref, base, draft, lease!)
    await lease!.release()
  }
  return directory
}

async function once(subject: Subject, shape: Shape, countFiles = false): Promise<Run> {
  const { turns, sessions, atOnce } = shape
  const directory = await prepare(subject, shape)
  return await bot.measure({ subject, directory, warm: WARM, turns, sessions, atOnce, countFiles })
}

async function alternate(shape: Shape): Promise<Record<Subject, Run>> {
  const runs: Record<Subject, Run[]> = { baseline: [], ours: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of SUBJECTS) runs[subject].push(await once(subject, shape))
  }
  const of = (subject: Subject): Run => ({
    wallMs: median(runs[subject].map(({ wallMs }) => wallMs)),
    cpuMs: median(runs[subject].map(({ cpuMs }) => cpuMs)),
    ownMs: runs[subject].flatMap(({ ownMs }) => ownMs),
    turnsASecond: median(runs[subject].map(({ turnsASecond }) => turnsASecond)),
    rssMb: median(runs[subject].map(({ rssMb }) => rssMb)),
    files: null,
  })
  return { baseline: of('baseline'), ours: of('ours') }
}

/** Milliseconds of the cheapest way to keep so many bytes over a crash. */
function durableWrite(bytes: number): readonly number[] {
  const directory = bot.directory('write')
  const text = 'x'.repeat(bytes)
  return Array.from({ length: 200 }, () => {
    const began = performance.now()
    const file = openSync(join(directory, 'new'), 'w')
    writeSync(file, text)
    fdatasyncSync(file)
    closeSync(file)
    renameSync(join(directory, 'new'), join(directory, 'kept'))
    return performance.now() - began
  })
}

try {
  console.log('baseline: a hand-written loop with the openai package (bench/baseline/turn.ts)\n')
  for (const history of [10, 100, 1000]) {
    const shape = { history, turns: 100, sessions: 50, atOnce: 1 }
    const { baseline, ours } = await alternate(shape)
    const bytes = conversation(history).reduce((sum, message) => sum + JSON.stringify(message).length + 1, 0)
    const bare = median(durableWrite(bytes))
    const [p50, p99] = [median(ours.ownMs), quantile(ours.ownMs, 0.99)]
    const { files } = await once('ours', shape, true)
    console.log(`${history} messages of history`)
    print('  CPU per turn', 'ms', baseline.cpuMs, ours.cpuMs, 'goal 1.5')
    print('  wall per turn without the model, p50', 'ms', median(baseline.ownMs), p50, '')
    print('  the same next to one durable write', 'ms', bare, p50, 'goal 3')
    print('  p99 next to p50', 'ms', p50, p99, 'goal 3')
    console.log(
      `  file calls ${files!.calls.toFixed(0)}, made ${files!.made.toFixed(1)}, synced ${files!.synced.toFixed(1)}, KB ${(files!.bytes / 1024).toFixed(1)}\n`,
    )
  }
  const spread = { history: 0, turns: 300, sessions: 300, atOnce: 1 }
  const many = await alternate(spread)
  print('300 turns over 300 sessions, CPU per turn', 'ms', many.baseline.cpuMs, many.ours.cpuMs, 'goal 1.5')
  console.log(`  file calls ${(await once('ours', spread, true)).files!.calls.toFixed(0)}`)
  const crowd = await alternate({ history: 0, turns: 640, sessions: 32, atOnce: 32 })
  print('32 sessions at once', '/s', crowd.baseline.turnsASecond, crowd.ours.turnsASecond, 'goal 0.8 or more')
  const full = await alternate({ history: 0, turns: 1000, sessions: 1000, atOnce: 1 })
  print('peak memory after 1,000 sessions', 'MB', full.baseline.rssMb, full.ours.rssMb, '')
} finally {
  bot.close()
}
