// Numbers in the names of files where they get a digit more, on a file system that lists names as text sorts them.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { SwitchState } from '../../agents/ports/limits.ts'
import type { SessionVersion } from '../../agents/ports/sessions.ts'
import { Files } from '../../stores/tree/files.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { LaneQueue } from '../../stores/tree/lane-queue.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { numbersIn } from '../../stores/tree/records.ts'
import type { Tree } from '../../stores/tree/tree.ts'
import { BUDGET, iterationRecord, message, runConfig, SESSION } from '../support/fs-scenarios.ts'
import { sessionsDir, stateDir, testIds, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Each is followed by a number with one digit more; names are padded to ten. */
const LAST = [9, 99, 999, 9_999, 99_999, 999_999, 9_999_999_999]

const fs: Fs = { ...nodeFs, list: (path) => nodeFs.list(path).toSorted() }
const padded = (value: number): string => String(value).padStart(10, '0')

let root: string
const open = (): Tree => testTree(root, { fs })
const session = (): string => join(sessionsDir(root), SESSION.agent, SESSION.key)
const plant = (path: string, record: unknown): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(record)}\n`)
}
beforeEach(() => {
  root = temporaryDirectory()
})

test('numbers are read in their order, whatever that of the names is', () => {
  const numbers = LAST.flatMap((last) => [last, last + 1])
  const names = numbers.map((number) => `v.${padded(number)}.jsonl`).toSorted()
  expect(numbersIn(names, 'v.', '.jsonl')).toEqual(numbers)
  expect(numbersIn(numbers.map(String).toSorted(), '')).toEqual(numbers)
})

describe.each(LAST)('after number %d', (last) => {
  test('a session goes on with its newest version', async () => {
    await message(open(), 'first')
    const first = await open().sessions.open(SESSION)
    // As if as many messages had been answered.
    const old: SessionVersion = { ...first, seq: last - 1 }
    const { seq: _, degraded: __, turns: ___, ...content } = old
    const lease = await open().sessions.acquire(SESSION, { purpose: 'turn', ttlMs: 1000, waitMs: 0 })
    await open().sessions.commit(SESSION, old, { ...content, kind: 'turn', turn: null }, lease!)
    await lease!.release()
    for (const text of ['second', 'third', 'fourth', 'fifth']) await message(open(), text)
    const { seq, messages } = await open().sessions.open(SESSION)
    expect([seq, messages.filter(({ role }) => role === 'user').map(({ content: text }) => text)]).toEqual([
      last + 4,
      ['first', 'second', 'third', 'fourth', 'fifth'],
    ])
  })

  test('the kill switch is as its newest change left it', async () => {
    const state = (reason: string): SwitchState => ({ disabled: true, reason, by: 'me', at: null })
    open()
    plant(join(stateDir(root), `sys/kill.${padded(last)}.json`), { seq: last, agents: { Bot: state('old') } })
    for (const reason of ['newer', 'newest']) await open().killSwitch.set('Bot', state(reason))
    expect(await open().killSwitch.state('Bot')).toEqual(state('newest'))
    expect(readdirSync(join(stateDir(root), 'sys'))).toContain(`kill.${padded(last + 2)}.json`)
  })

  test('what an agent does next to its baseline is told by the newest change', async () => {
    const sample = (id: string) => ({ id, at: '2026-11-21T10:00:00.000Z', values: {} })
    open()
    plant(join(stateDir(root), `behaviour/Bot/v.${padded(last)}.json`), {
      samples: [sample('old')],
      deviations: {},
    })
    for (const id of ['newer', 'newest']) {
      await open().behaviour.update('Bot', ({ samples, deviations }) => ({
        samples: [...samples, sample(id)],
        deviations,
      }))
    }
    expect((await open().behaviour.read('Bot')).samples.map(({ id }) => id)).toEqual([
      'old',
      'newer',
      'newest',
    ])
  })

  test('a budget counts from its newest base', async () => {
    const folder = join(stateDir(root), `budgets/${BUDGET.name}/always`)
    const spend = (apiCalls: number) => ({ apiCalls, tokens: 0, cost: 0 })
    open()
    for (const [number, apiCalls] of [
      [last, 1],
      [last + 1, 2],
    ] as const) {
      plant(join(folder, `base.${padded(number)}.json`), { spend: spend(apiCalls), folded: [] })
    }
    expect(await open().budgets.used(BUDGET, 0)).toEqual(spend(2))
  })

  test('a lease is taken with the next epoch, and the one after it', async () => {
    const epochOf = async (): Promise<number> => {
      const lease = await open().sessions.acquire(SESSION, { purpose: 'turn', ttlMs: 60_000, waitMs: 0 })
      await lease!.release()
      return lease!.epoch
    }
    await message(open(), 'first')
    plant(join(session(), `rel.${padded(last)}`), {})
    expect([await epochOf(), await epochOf(), await epochOf()]).toEqual([last + 1, last + 2, last + 3])
  })

  test('tickets of those who wait for a lane are called up in their order', () => {
    open()
    const ticket = { lane: 'default', concurrency: 1, priority: 'normal', ttlMs: 60_000 } as const
    plant(join(stateDir(root), `lanes/Bot/wait/${padded(last)}`), ticket)
    const files = new Files({ root: stateDir(root), sentinel: 'sys/tree.json', fs, ids: testIds() })
    const queue = new LaneQueue({ files, ids: testIds(), directory: 'lanes/Bot/wait' })
    const joined = [queue.join(ticket), queue.join(ticket)]
    expect(joined).toEqual([last + 1, last + 2])
    const calledUp = (): number =>
      [last, ...joined].find((seq) => queue.isNext(seq, { room: 1, free: () => 1 }))!
    const order = [0, 1, 2].map(() => {
      const seq = calledUp()
      queue.leave(seq)
      return seq
    })
    expect(order).toEqual([last, last + 1, last + 2])
  })

  test('iterations of a run come in their order', async () => {
    const { runs } = open()
    const run = { agent: 'Builder', run: 'R1' }
    await runs.start(runConfig('R1'))
    for (const iteration of [last + 1, last]) await runs.recordDone(run, iterationRecord(iteration, 1))
    expect((await open().runs.iterations(run)).map(({ iteration }) => iteration)).toEqual([last, last + 1])
    expect((await open().runs.iteration(run, last + 1))?.iteration).toBe(last + 1)
  })

  test('steps of a turn come in their order', async () => {
    const { sessions } = open()
    await sessions.accept(SESSION, {
      turn: 't1',
      message: 'hi',
      acceptedAt: '2026-11-21T10:00:00Z',
      lane: 'default',
      requestId: null,
    })
    for (const index of [last + 1, last]) {
      await sessions.beginStep(SESSION, 't1', index)
      const callId = `call ${index}`
      await sessions.recordStep(SESSION, 't1', index, {
        kind: 'tool',
        callId,
        name: 'look',
        content: '',
        isError: false,
      })
    }
    const turn = await open().sessions.turn(SESSION, 't1')
    expect([turn?.begun, turn?.steps.map((step) => (step.kind === 'tool' ? step.callId : null))]).toEqual([
      [last, last + 1],
      [`call ${last}`, `call ${last + 1}`],
    ])
  })

  test('what was remembered later comes later: facts and archived conversations', async () => {
    const { memories, sessions } = open()
    const facts = (sessionId: string, seq: number) =>
      memories.keepFacts(SESSION, {
        sessionId,
        seq,
        facts: [`${sessionId} ${seq}`],
        ts: 'now',
        isTainted: false,
      })
    await message(open(), 'first')
    const version = await sessions.open(SESSION)
    for (const seq of [last + 1, last]) {
      await facts('SESSION-1', seq)
      await sessions.archive(SESSION, { ...version, seq }, 'compaction')
    }
    await facts('SESSION-2', 1)
    await sessions.archive(SESSION, { ...version, seq: last + 2 }, 'manual')
    const day = 'archive/2026-11-21_SESSION-1'
    expect((await memories.sources(SESSION)).map(({ name }) => name)).toEqual([
      `${day}.v${last}.jsonl`,
      `${day}.v${last + 1}.jsonl`,
      `${day}.jsonl`,
      `memory/SESSION-1.v${last}.jsonl`,
      `memory/SESSION-1.v${last + 1}.jsonl`,
      'memory/SESSION-2.v1.jsonl',
    ])
    expect((await sessions.archives(SESSION)).map(({ file }) => `archive/${file}`)).toEqual([
      `${day}.v${last}.jsonl`,
      `${day}.v${last + 1}.jsonl`,
      `${day}.jsonl`,
    ])
  })
})

test('facts of a long session that were just found are asked whether they have changed, as the newest', async () => {
  const { memories } = open()
  const found = { sessionId: 'ID', facts: ['a fact'], ts: 'now', isTainted: false }
  // Of 100 files the newest 64 are asked.
  for (let seq = 9_950; seq < 10_050; seq += 1) await memories.keepFacts(SESSION, { ...found, seq })
  const sources = await memories.sources(SESSION)
  const asked = sources.filter(({ version }) => version !== null).map(({ name }) => name)
  expect([asked[0], asked.at(-1), asked.length]).toEqual([
    'memory/ID.v9986.jsonl',
    'memory/ID.v10049.jsonl',
    64,
  ])
})
