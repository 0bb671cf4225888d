import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Fs } from '../../stores/tree/fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import type { Tree } from '../../stores/tree/tree.ts'
import { delayedFs } from '../support/fs-delayed.ts'
import {
  BUDGET,
  CALL,
  disable,
  iterationRecord,
  message,
  OUTCOME,
  runConfig,
  SESSION,
} from '../support/fs-scenarios.ts'
import { testTree, virtualTime } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Two machines on one network file system, each believing its caches for 30 s; the clock never moves. */
function machines(): { a: Tree; b: Tree; client: () => Fs; root: string } {
  const root = temporaryDirectory()
  const { clock, timers } = virtualTime()
  const client = (): Fs => delayedFs(nodeFs, clock)
  const machine = (): Tree =>
    testTree(root, { fs: client(), clock, timers, owner: { id: null, isDead: () => false } })
  return { a: machine(), b: machine(), client, root }
}

const REF = { agent: 'Builder', run: 'R1' }
const ACCEPTED = { acceptedAt: '', lane: 'default', requestId: null }

describe('behind the caches of a network file system', () => {
  test('the stand-in does hide what others made, for 30 seconds', () => {
    const root = temporaryDirectory()
    const { clock } = virtualTime()
    const one = delayedFs(nodeFs, clock)
    const other = delayedFs(nodeFs, clock)
    const path = join(root, 'new')
    expect(() => one.read(path)).toThrow('ENOENT')
    expect(one.list(root)).toEqual([])
    other.close(other.create(path))
    expect(() => one.read(path)).toThrow('ENOENT')
    expect(one.list(root)).toEqual([])
    expect(() => one.create(path)).toThrow('EEXIST')
    clock.pass(30_001)
    expect(one.read(path)).toBe('')
  })

  test('a session written elsewhere is read at once, also one believed absent', async () => {
    const { a, b } = machines()
    await expect(b.sessions.open(SESSION)).resolves.toMatchObject({ seq: 0 })
    await message(a, 'one')
    await expect(b.sessions.open(SESSION)).resolves.toMatchObject({ seq: 1 })
    await message(a, 'two')
    await expect(b.sessions.open(SESSION)).resolves.toMatchObject({ seq: 2, degraded: false })
    await expect(b.sessions.count('SupportBot')).resolves.toBe(1)
  })

  test('messages taken in turns lose nothing', async () => {
    const { a, b } = machines()
    for (let i = 0; i < 10; i++) {
      await expect(message(i % 2 ? a : b, `m${i}`)).resolves.toBe('committed')
    }
    const { messages } = await a.sessions.open(SESSION)
    expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(
      Array.from({ length: 10 }, (_, i) => `m${i}`),
    )
  })

  test('a commit on an old base is a conflict', async () => {
    const { a, b } = machines()
    const lease = { epoch: 1, release: async () => {} }
    const base = await b.sessions.open(SESSION)
    await message(a, 'one')
    const draft = {
      kind: 'turn',
      sessionId: 'S',
      messages: [],
      turn: 't',
      compactions: 0,
      startedAt: 0,
    } as const
    const result = await b.sessions.commit(SESSION, base, { ...draft, lastActivityAt: 0 }, lease)
    expect(result).toMatchObject({ kind: 'conflict', newest: { seq: 1 } })
  })

  test('a released lease is free at once, a held one is not', async () => {
    const { a, b } = machines()
    const options = { purpose: 'turn', ttlMs: 60_000, waitMs: 0 }
    const lease = await a.sessions.acquire(SESSION, options)
    await expect(b.sessions.acquire(SESSION, options)).resolves.toBeNull()
    await lease?.release()
    await expect(b.sessions.acquire(SESSION, options)).resolves.toMatchObject({ epoch: 2 })
  })

  test('the result of a turn that is polled for appears', async () => {
    const { a, b } = machines()
    await expect(b.sessions.turn(SESSION, 't')).resolves.toBeNull()
    await a.sessions.accept(SESSION, { turn: 't', message: 'x', ...ACCEPTED })
    await expect(b.sessions.turn(SESSION, 't')).resolves.toMatchObject({ result: null })
    await a.sessions.close(SESSION, 't', {
      status: 'completed',
      response: 'y',
      tokens: 0,
      cost: 0,
      finishedAt: '',
    })
    await expect(b.sessions.turn(SESSION, 't')).resolves.toMatchObject({ result: { response: 'y' } })
    await expect(b.sessions.accept(SESSION, { turn: 't', message: 'x', ...ACCEPTED })).resolves.toBe(false)
  })

  test('the kill switch works at once', async () => {
    const { a, b } = machines()
    await expect(b.killSwitch.state('Bot')).resolves.toMatchObject({ disabled: false })
    await disable(a, 'Bot')
    await expect(b.killSwitch.state('Bot')).resolves.toMatchObject({ disabled: true })
    await disable(b, 'Other')
    expect([...(await a.killSwitch.disabled())].sort()).toEqual(['Bot', 'Other'])
  })

  test('runs: starts, stops, records, fences and outcomes are seen at once', async () => {
    const { a, b } = machines()
    await expect(b.runs.config(REF)).resolves.toBeNull()
    await expect(b.runs.head('Builder')).resolves.toBeNull()
    await a.runs.start(runConfig('R1'))
    await expect(b.runs.start(runConfig('R2'))).resolves.toEqual({ kind: 'running', ...REF })
    await expect(b.runs.config(REF)).resolves.toMatchObject({ run: 'R1' })
    await expect(b.runs.holds(REF, 1)).resolves.toBe(true)
    await expect(b.runs.stopRequest(REF)).resolves.toBe('none')
    await a.runs.requestStop(REF, false)
    await expect(b.runs.stopRequest(REF)).resolves.toBe('graceful')
    await expect(b.runs.iteration(REF, 1)).resolves.toBeNull()
    await a.runs.begin(REF, 1)
    await a.runs.recordVerdict(REF, iterationRecord(1, 1))
    await expect(b.runs.begin(REF, 1)).resolves.toMatchObject({ kind: 'verdict' })
    await a.runs.recordDone(REF, iterationRecord(1, 1))
    await expect(b.runs.begin(REF, 1)).resolves.toMatchObject({ kind: 'done' })
    await expect(b.runs.outcome(REF)).resolves.toBeNull()
    await a.runs.finish(REF, OUTCOME)
    await expect(b.runs.outcome(REF)).resolves.toEqual(OUTCOME)
    await expect(b.runs.holds(REF, 1)).resolves.toBe(false)
    await expect(b.runs.start(runConfig('R2'))).resolves.toMatchObject({
      kind: 'started',
      config: { epoch: 2 },
    })
    await expect(a.runs.head('Builder')).resolves.toMatchObject({ run: 'R2' })
  })

  test('a budget is not overdrawn by two machines', async () => {
    const { a, b } = machines()
    const five = { ...BUDGET, apiCalls: 5 }
    let granted = 0
    for (let i = 0; i < 10; i++) {
      const reserved = (i % 2 ? a : b).budgets.reserve(five, CALL, 0)
      granted += await reserved.then(
        () => 1,
        () => 0,
      )
    }
    expect(granted).toBe(5)
  })

  test('a lane gives its one slot to one machine at a time', async () => {
    const { a, b } = machines()
    const request = { agent: 'Bot', lane: 'default', concurrency: 1, priority: 'normal', waitMs: 0 } as const
    for (let i = 0; i < 4; i++) {
      const slot = await a.lanes.enter(request)
      expect(slot).not.toBeNull()
      await expect(b.lanes.enter(request)).resolves.toBeNull()
      await slot?.leave()
      const other = await b.lanes.enter(request)
      expect(other).not.toBeNull()
      await expect(a.lanes.enter(request)).resolves.toBeNull()
      await other?.leave()
    }
  })
})
