import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { resetSession } from '../../agents/claw/reset.ts'
import type { LaneStore } from '../../agents/ports/limits.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { BOT } from '../support/agent-programs.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { testTree, virtualTime } from '../support/fs-tree.ts'
import { overriding } from '../support/overriding.ts'
import { type Answer, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const MINUTE = 60_000
const REF = { agent: 'Bot', key: 'default' }

const bot = (source: string, ...answers: readonly Answer[]): TestWorld =>
  testWorld(source, { model: new ScriptedModel().answer(...answers) })
const withSession = (fields: string): string => BOT.replace('channels:', `session: { ${fields} } channels:`)
const archive = ({ root }: TestWorld): readonly string[] => {
  const directory = join(root, 'sessions/Bot/default/archive')
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.jsonl')) : []
}
const contents = async (t: TestWorld): Promise<readonly string[]> =>
  (await history(t.world, REF)).map(({ content }) => content)

describe('a reset', () => {
  test('archives the conversation and begins a new session', async () => {
    const t = bot(BOT, says('one'), says('two'))
    await say(t, 'first')
    const before = await t.world.sessions.open(REF)
    const { archived } = await resetSession(t.world, { ...REF, requestId: 'r1' })
    expect(archived).toBe(`2026-11-21_${before.sessionId}.jsonl`)
    expect(readFileSync(join(t.root, 'sessions/Bot/default/archive', archived!), 'utf8')).toContain('first')
    expect(await contents(t)).toEqual([])
    expect((await t.world.sessions.open(REF)).sessionId).not.toBe(before.sessionId)
    await say(t, 'second')
    expect(t.model.lastContents).toEqual(['You help customers.', 'second'])
    expect(t.audit.find(({ event }) => event === 'session.reset')).toMatchObject({
      detail: 'manual',
      requestId: 'r1',
    })
  })

  test('twice keeps two archives', async () => {
    const t = bot(BOT, says('one'), says('two'))
    await say(t, 'first')
    await resetSession(t.world, REF)
    await say(t, 'second')
    await resetSession(t.world, REF)
    expect(archive(t)).toHaveLength(2)
  })

  test('of a session that nobody knows has nothing to archive', async () => {
    const t = bot(BOT)
    expect(await resetSession(t.world, { agent: 'Bot', key: 'nobody' })).toEqual({ archived: null })
  })

  test('wins over a running turn, which is answered but belongs to no history', async () => {
    const t = bot(BOT, says('one'))
    await say(t, 'first')
    t.model.answer(async () => {
      await resetSession(t.world, REF)
      return says('too late')
    })
    const answer = await ask(t.world, message(t, 'second', { turn: 'turn-2' }))
    expect(answer).toMatchObject({ status: 'orphaned', response: 'too late' })
    expect(await contents(t)).toEqual([])
    expect(await ask(t.world, message(t, 'second', { turn: 'turn-2' }))).toMatchObject({
      status: 'orphaned',
      response: 'too late',
    })
  })
})

describe('a session', () => {
  test('that fell idle starts afresh, and says so before the next message', async () => {
    const t = bot(withSession('idle_reset_minutes: 30'), says('one'), says('two'))
    await say(t, 'first')
    t.clock.pass(30 * MINUTE - 1)
    expect(await contents(t)).toEqual(['first', 'one'])
    t.clock.pass(1)
    expect(await contents(t)).toEqual([])
    await say(t, 'second')
    expect(t.model.lastContents).toEqual(['You help customers.', 'second'])
    expect(archive(t)).toHaveLength(1)
    expect(t.audit.find(({ event }) => event === 'session.reset')?.detail).toBe('idle')
  })

  test('starts afresh after the daily boundary in its own time zone', async () => {
    // The clock stands at 10:00 UTC, which is 19:00 in Tokyo.
    const source = withSession('idle_reset_minutes: 0 daily_reset_hour: 20 timezone: "Asia/Tokyo"')
    const t = bot(source, says('one'), says('two'), says('three'))
    await say(t, 'first')
    t.clock.pass(59 * MINUTE)
    await say(t, 'second')
    expect(t.model.lastContents).toContain('first')
    t.clock.pass(2 * MINUTE)
    await say(t, 'third')
    expect(t.model.lastContents).toEqual(['You help customers.', 'third'])
    expect(t.audit.find(({ event }) => event === 'session.reset')?.detail).toBe('daily')
  })

  test('is not reset by a boundary that passes while it is answered, but before the next message', async () => {
    const source = withSession('idle_reset_minutes: 0 daily_reset_hour: 12')
    const t = bot(source, says('one'), () => {
      t.clock.pass(2 * MINUTE)
      return says('two')
    })
    await say(t, 'first')
    t.clock.pass(119 * MINUTE)
    const { sessionId } = await t.world.sessions.open(REF)
    await say(t, 'second')
    const crossed = await t.world.sessions.open(REF)
    expect([crossed.sessionId, crossed.messages.length]).toEqual([sessionId, 4])
    t.model.answer(says('three'))
    await say(t, 'third')
    expect(t.model.lastContents).toEqual(['You help customers.', 'third'])
    expect(t.audit.filter(({ event }) => event === 'session.reset')).toMatchObject([{ detail: 'daily' }])
  })

  test('keeps its order when the clock goes back a day, and is reset once when it goes forward', async () => {
    const DAY = 24 * 60 * MINUTE
    const t = bot(BOT, ...['one', 'two', 'three', 'four', 'five'].map(says))
    const resets = () => t.audit.filter(({ event }) => event === 'session.reset')
    await say(t, 'first')
    t.clock.pass(-DAY)
    await say(t, 'second')
    t.clock.pass(DAY)
    await say(t, 'third')
    expect(await contents(t)).toEqual(['first', 'one', 'second', 'two', 'third', 'three'])
    expect(resets()).toEqual([])
    t.clock.pass(DAY)
    await say(t, 'fourth')
    expect(resets()).toHaveLength(1)
    t.clock.pass(-DAY)
    await say(t, 'fifth')
    expect(await contents(t)).toEqual(['fourth', 'four', 'fifth', 'five'])
    expect(resets()).toHaveLength(1)
    expect(archive(t)).toHaveLength(1)
  })

  test('whose newest version is damaged goes on from the one before it, and that is told once', async () => {
    const t = bot(BOT, says('one'), says('two'), says('three'), says('four'))
    await say(t, 'first')
    await say(t, 'second')
    const damaged = join(t.root, 'sessions/Bot/default/v.0000000002.jsonl')
    truncateSync(damaged, 100)
    await say(t, 'third')
    expect(t.model.lastContents).toEqual(['You help customers.', 'first', 'one', 'third'])
    expect(t.warnings).toEqual([
      'the newest version of session default of Bot is damaged; the one before it is used (neam-cli doctor names the file)',
    ])
    await say(t, 'fourth')
    expect(await contents(t)).toEqual(['first', 'one', 'third', 'three', 'fourth', 'four'])
    expect(t.audit.filter(({ event }) => event === 'session.degraded')).toEqual([
      { event: 'session.degraded', agent: 'Bot', sessionKey: 'default', requestId: null },
    ])
    expect(readFileSync(damaged, 'utf8')).toHaveLength(100)
  })

  test('that another turn wrote to meanwhile gets both, without a second model call', async () => {
    const t = bot(BOT, says('zero'))
    await say(t, 'before')
    const other = testWorld(BOT, { root: t.root, model: new ScriptedModel().answer(says('theirs')) })
    const blind = overriding(other.world.sessions, {
      acquire: async () => ({ epoch: 999, release: async () => {} }),
    })
    t.model.answer(async () => {
      await ask({ ...other.world, sessions: blind }, message(other, 'their question'))
      return says('ours')
    })
    expect(await say(t, 'our question')).toBe('ours')
    expect(await contents(t)).toEqual(['before', 'zero', 'their question', 'theirs', 'our question', 'ours'])
    expect(t.model.requests).toHaveLength(2)
  })

  test('gets messages that come at the same moment one after the other, each once', async () => {
    const texts = ['a', 'b', 'c', 'd', 'e']
    const echo: Answer = ({ messages }) => says(`re ${messages.at(-1)?.content}`)
    const t = bot(BOT, ...texts.map(() => echo))
    const answers = await Promise.all(texts.map((text) => say(t, text)))
    expect(answers).toEqual(texts.map((text) => `re ${text}`))
    const kept = await contents(t)
    expect(kept).toHaveLength(10)
    expect(new Set(kept).size).toBe(10)
    for (const text of texts) expect(kept[kept.indexOf(text) + 1]).toBe(`re ${text}`)
  })

  test('that is first written by two turns at once loses none', async () => {
    const t = bot(BOT)
    const other = testWorld(BOT, { root: t.root, model: new ScriptedModel().answer(says('theirs')) })
    const blind = overriding(other.world.sessions, {
      acquire: async () => ({ epoch: 999, release: async () => {} }),
    })
    t.model.answer(async () => {
      await ask({ ...other.world, sessions: blind }, message(other, 'theirs?'))
      return says('ours')
    })
    expect(await ask(t.world, message(t, 'ours?'))).toMatchObject({ status: 'completed' })
    expect(await contents(t)).toEqual(['theirs?', 'theirs', 'ours?', 'ours'])
  })

  test('holds no file open while its model works, so that 200 at once open no more than they write', async () => {
    const SESSIONS = 200
    const open = new Map<number, string>()
    const fs = interceptedFs(nodeFs, (operation, subject, run) => {
      const result = run()
      if (operation === 'create' || operation.startsWith('open')) open.set(Number(result), String(subject))
      if (operation === 'close') open.delete(Number(subject))
      return result
    })
    const root = temporaryDirectory({ inMemory: true })
    const { clock, timers } = virtualTime()
    const everybody = Promise.withResolvers<void>()
    const found: number[] = []
    const answer: Answer = async ({ messages }) => {
      const [, key] = /I am (user-\d+)/.exec(String(messages.at(-1)?.content))!
      found.push([...open.values()].filter((path) => path.includes(`/${key}/`)).length)
      if (found.length === SESSIONS) everybody.resolve()
      await everybody.promise
      return says('ok')
    }
    const lanes = `lanes: { default: { concurrency: ${SESSIONS}, priority: "normal" } } channels:`
    const t = testWorld(BOT.replace('channels:', lanes), {
      root,
      model: new ScriptedModel().answer(...Array.from({ length: SESSIONS }, () => answer)),
      parts: { ...testTree(root, { fs, clock, timers }), clock, timers },
    })
    const keys = Array.from({ length: SESSIONS }, (_, n) => `user-${n}`)
    const answers = await Promise.all(keys.map((key) => say({ ...t, clock }, `I am ${key}`, { key })))
    expect(answers).toEqual(keys.map(() => 'ok'))
    expect(found).toEqual(keys.map(() => 0))
    expect([...open]).toEqual([])
    for (const key of keys) {
      const messages = await history(t.world, { agent: 'Bot', key })
      expect(messages.map(({ content }) => content)).toEqual([`I am ${key}`, 'ok'])
    }
  }, 30_000)

  test('that stays busy refuses, and the refused message is on record', async () => {
    const t = bot(BOT)
    const lease = await t.world.sessions.acquire(REF, { purpose: 'test', ttlMs: 600_000, waitMs: 0 })
    const fault = await faultOf(ask(t.world, message(t, 'hi', { turn: 'turn-1' })))
    expect(fault.code).toBe('session_busy')
    expect(fault.retryAfterMs).toBeGreaterThan(0)
    expect((await t.world.sessions.turn(REF, 'turn-1'))?.result).toMatchObject({ status: 'refused' })
    await lease?.release()
    t.model.answer(says('now'))
    expect(await say(t, 'hi')).toBe('now')
  })
})

describe('lanes', () => {
  const LANES = BOT.replace('channels:', 'lanes: { vip: { concurrency: 2, priority: "high" } } channels:')
  const watched = (
    t: TestWorld,
    free: boolean,
  ): { lanes: LaneStore; asked: Parameters<LaneStore['enter']>[0][] } => {
    const asked: Parameters<LaneStore['enter']>[0][] = []
    return {
      asked,
      lanes: {
        async enter(request) {
          asked.push(request)
          return free ? await t.world.lanes.enter(request) : null
        },
      },
    }
  }

  test('are taken by the name in the metadata, with their declared numbers', async () => {
    const t = bot(LANES, says('a'), says('b'))
    const { lanes, asked } = watched(t, true)
    await ask({ ...t.world, lanes }, message(t, 'hi', { lane: 'vip' }))
    await ask({ ...t.world, lanes }, message(t, 'hi'))
    expect(asked).toMatchObject([
      { agent: 'Bot', lane: 'vip', concurrency: 2, priority: 'high' },
      { agent: 'Bot', lane: 'default', concurrency: 4, priority: 'normal' },
    ])
  })

  test('of an unknown name are the default one, with an audit record', async () => {
    const t = bot(LANES, says('a'))
    await say(t, 'hi', { lane: 'royal' })
    expect(t.audit.filter(({ event }) => event === 'lane.unknown')).toMatchObject([{ detail: 'royal' }])
  })

  test('that are full refuse the turn', async () => {
    const t = bot(LANES)
    const { lanes } = watched(t, false)
    const fault = await faultOf(ask({ ...t.world, lanes }, message(t, 'hi', { turn: 'turn-1' })))
    expect(fault.code).toBe('lane_full')
    expect((await t.world.sessions.turn(REF, 'turn-1'))?.result).toMatchObject({
      status: 'refused',
      code: 'lane_full',
    })
  })
})
