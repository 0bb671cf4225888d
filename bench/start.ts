// `npm run bench` (or `npm run bench -- start`): the product's figures next to a hand-written baseline, measured in alternation in one run.
// Read the ratios; absolute times are this machine's.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { initialBytes, ROOT } from '../scripts/bundle.ts'
import { median, orderBot, print, type Run, type Subject } from './order-bot.ts'

const COLD_ROUNDS = 9
const WARM_TURNS = 300
const WARM_ROUNDS = 3
const SUBJECTS: readonly Subject[] = ['baseline', 'ours']

const bot = await orderBot(readFileSync(join(ROOT, 'examples/agents.neam'), 'utf8'))

async function alternate(turns: number, rounds: number): Promise<Record<Subject, Run>> {
  const measure = (subject: Subject) =>
    bot.measure({
      subject,
      directory: bot.directory(subject),
      warm: turns > 1 ? { turns: Math.ceil(turns / 10), sessions: 1 } : null,
      turns,
      sessions: 1,
      atOnce: 1,
      countFiles: false,
    })
  const runs: Record<Subject, Run[]> = { baseline: [], ours: [] }
  for (const subject of SUBJECTS) await measure(subject)
  for (let round = 0; round < rounds; round++) {
    for (const subject of SUBJECTS) runs[subject].push(await measure(subject))
  }
  const of = (subject: Subject): Run => ({
    ...runs[subject][0]!,
    wallMs: median(runs[subject].map((run) => run.wallMs)),
    cpuMs: median(runs[subject].map((run) => run.cpuMs)),
    rssMb: median(runs[subject].map((run) => run.rssMb)),
  })
  return { baseline: of('baseline'), ours: of('ours') }
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
    kb(initialBytes(bot.subjectBundle, 'baseline.mjs')),
    kb(initialBytes(bot.bundles, '/api.mjs')),
    'goal <= 250 KB',
  )
} finally {
  bot.close()
}
