import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Fs } from '../../stores/tree/fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { sessionStoreContract } from '../contracts/session-store.ts'
import { faultOf } from '../support/faults.ts'
import { countingFs } from '../support/fs-counting.ts'
import { message, reset, SESSION } from '../support/fs-scenarios.ts'
import { sealed } from '../support/fs-seal.ts'
import { sessionsDir, stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

sessionStoreContract(() => {
  const root = temporaryDirectory()
  return { open: () => testTree(root).sessions }
})

const folder = (root: string): string => join(sessionsDir(root), 'SupportBot', 'cli_user_alice')
const version = (seq: number): string => `v.${String(seq).padStart(10, '0')}.jsonl`
const age = (path: string, ms: number): void => {
  const then = (Date.now() - ms) / 1000
  utimesSync(path, then, then)
}
const raise = (code: string): never => {
  throw Object.assign(new Error(`${code}: planted`), { code })
}
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('the files of a session', () => {
  test('current.jsonl has the lines that chapter 24.4 prints', async () => {
    const root = temporaryDirectory()
    await message(testTree(root), 'What is a variable?')
    expect(readFileSync(join(folder(root), 'current.jsonl'), 'utf8')).toBe(
      '{"role":"user","content":"What is a variable?","ts":"2026-02-18T10:00:01Z"}\n' +
        '{"role":"assistant","content":"noted What is a variable?","ts":"2026-02-18T10:00:01Z"}\n',
    )
  })

  test('the header of a version names its parent, and its hash covers header and lines', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    await message(tree, 'two')
    const header = (seq: number) =>
      JSON.parse(readFileSync(join(folder(root), version(seq)), 'utf8').split('\n')[0] ?? '')
    expect(header(1)).toMatchObject({
      neam: 1,
      seq: 1,
      parent: null,
      kind: 'turn',
      base: null,
      n: 2,
      turns: ['one'],
    })
    expect(header(2)).toMatchObject({ seq: 2, parent: header(1).sha256, n: 4, key: 'cli_user_alice' })
  })

  test('a reset empties current.jsonl and keeps the conversation and its reason in the archive', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    const before = readFileSync(join(folder(root), 'current.jsonl'), 'utf8')
    await reset(tree, 'SESSION-2')
    expect(readFileSync(join(folder(root), 'current.jsonl'), 'utf8')).toBe('')
    const archive = join(folder(root), 'archive')
    expect(readFileSync(join(archive, '2026-11-21_SESSION-1.jsonl'), 'utf8')).toBe(before)
    expect(JSON.parse(readFileSync(join(archive, '2026-11-21_SESSION-1.jsonl.json'), 'utf8'))).toEqual({
      reason: 'manual',
      archivedAt: '2026-11-21T10:00:00.000Z',
      session: 'SESSION-1',
      seq: 1,
      messages: 2,
    })
    await message(tree, 'two')
    await reset(tree, 'SESSION-3')
    expect(readdirSync(archive).filter((name) => name.endsWith('.jsonl'))).toHaveLength(2)
  })

  test('an archive made before a last message came in is replaced by the whole conversation', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    const early = await tree.sessions.open(SESSION)
    const name = await tree.sessions.archive(SESSION, early, 'idle')
    await message(tree, 'two')
    const late = await tree.sessions.open(SESSION)
    await expect(tree.sessions.archive(SESSION, late, 'idle')).resolves.toBe(name)
    await tree.sessions.archive(SESSION, early, 'idle')
    expect(readFileSync(join(folder(root), 'archive', name), 'utf8')).toBe(
      readFileSync(join(folder(root), 'current.jsonl'), 'utf8'),
    )
  })

  test.each<[string, (path: string) => void]>([
    ['missing', unlinkSync],
    ['cut off', (path) => truncateSync(path, 10)],
    ['empty', (path) => truncateSync(path, 0)],
  ])('a current.jsonl that is %s is rebuilt by the next reader', async (_claim, spoil) => {
    const root = temporaryDirectory()
    await message(testTree(root), 'one')
    const path = join(folder(root), 'current.jsonl')
    const before = readFileSync(path, 'utf8')
    spoil(path)
    await testTree(root).sessions.open(SESSION)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('a damaged version', () => {
  test('any flipped byte is noticed: the version before is served, flagged, and writing goes on', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    await message(tree, 'two')
    const path = join(folder(root), version(2))
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at += 7) {
      const flipped = Buffer.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(path, flipped)
      const found = await testTree(root).sessions.open(SESSION)
      expect([at, found.degraded, found.seq, found.messages.length]).toEqual([at, true, 2, 2])
    }
    await message(testTree(root), 'three')
    const after = await testTree(root).sessions.open(SESSION)
    expect(after).toMatchObject({ seq: 3, degraded: false })
    expect(after.messages.map(({ content }) => content)).toEqual(['one', 'noted one', 'three', 'noted three'])
    expect(existsSync(path)).toBe(true)
  })

  test.each<[string, (text: string) => string]>([
    ['torn', (text) => text.slice(0, text.length / 2)],
    ['one line short', (text) => text.replace(/\n[^\n]*\n$/, '\n')],
    ['collected', () => ''],
    ['gone', () => raise('ENOENT')],
    ['stale', () => raise('ESTALE')],
  ])('that is %s at first sight only is read again, and is not damaged', async (_claim, first) => {
    const root = temporaryDirectory()
    await message(testTree(root), 'one')
    await message(testTree(root), 'two')
    for (const looks of [1, 2]) {
      let left = looks
      const fs: Fs = {
        ...nodeFs,
        read: (path) =>
          path.endsWith(version(2)) && left-- > 0 ? first(nodeFs.read(path)) : nodeFs.read(path),
      }
      const found = await testTree(root, { fs }).sessions.open(SESSION)
      expect(found).toMatchObject({ seq: 2, degraded: false })
      expect(found.messages).toHaveLength(4)
    }
  })

  test.each([0, 1, 50, 400])('cut off after %i bytes it is as damaged', async (length) => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    await message(tree, 'two')
    truncateSync(join(folder(root), version(2)), length)
    await expect(testTree(root).sessions.open(SESSION)).resolves.toMatchObject({ degraded: true, seq: 2 })
  })

  test('a session without any readable version says so, and no other session suffers', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    truncateSync(join(folder(root), version(1)), 0)
    const fault = await faultOf(tree.sessions.open(SESSION))
    expect(fault.code).toBe('record_damaged')
    await expect(tree.sessions.open({ ...SESSION, key: 'other' })).resolves.toMatchObject({ seq: 0 })
    await expect(tree.sessions.list('SupportBot')).resolves.toEqual([])
  })

  test('a version of a newer format is refused by name', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    const path = join(folder(root), version(1))
    const [header = '', ...lines] = readFileSync(path, 'utf8').split('\n')
    writeFileSync(
      path,
      sealed(header.replace('"base":null', '"base":{"seq":1,"sha256":"x"}'), lines.join('\n')),
    )
    expect((await faultOf(tree.sessions.open(SESSION))).code).toBe('tree_version')
  })

  test('a damaged turn record is named', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await message(tree, 'one')
    const path = join(folder(root), 'turn', 'one', 'one.result.jsonl')
    truncateSync(path, statSync(path).size - 5)
    const fault = await faultOf(tree.sessions.turn(SESSION, 'one'))
    expect(fault.code).toBe('record_damaged')
    expect(fault.data.path).toBe(path)
  })
})

describe('collecting', () => {
  test('versions older than the newest three become empty after 10 minutes and vanish after a day', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    for (let i = 1; i <= 8; i++) await message(tree, `m${i}`)
    for (let seq = 1; seq <= 8; seq++) age(join(folder(root), version(seq)), 11 * MINUTE)
    await message(tree, 'm9')
    await message(tree, 'm10')
    const size = (seq: number) => readFileSync(join(folder(root), version(seq)), 'utf8').length
    expect([1, 2, 3, 4, 5, 6, 7].map(size)).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect(size(8)).toBeGreaterThan(0)
    for (let seq = 1; seq <= 7; seq++) age(join(folder(root), version(seq)), DAY + MINUTE)
    await message(tree, 'm11')
    await message(tree, 'm12')
    expect(existsSync(join(folder(root), version(7)))).toBe(false)
    expect(existsSync(join(folder(root), version(8)))).toBe(true)
    expect((await testTree(root).sessions.open(SESSION)).messages).toHaveLength(24)
  })

  test('a writer that slept until its number was collected does not commit into the hole', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    const lease = await tree.sessions.acquire(SESSION, { purpose: 'turn', ttlMs: 1, waitMs: 0 })
    const asleep = await tree.sessions.open(SESSION)
    const waking = testTree(root, { owner: { id: null, isDead: () => true } })
    for (let i = 1; i <= 6; i++) await message(waking, `m${i}`)
    unlinkSync(join(folder(root), version(1)))
    unlinkSync(join(folder(root), version(2)))
    if (lease === null) throw new Error('busy')
    const draft = {
      kind: 'turn',
      sessionId: 'S',
      messages: [],
      turn: 'late',
      compactions: 0,
      startedAt: 0,
      lastActivityAt: 0,
    } as const
    const result = await tree.sessions.commit(SESSION, asleep, draft, lease)
    expect(result).toMatchObject({ kind: 'conflict', newest: { seq: 6 } })
    expect(existsSync(join(folder(root), version(1)))).toBe(false)
  })

  test('closed turns go after a week, open ones after a month, orphan temporary files after an hour', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    for (let i = 1; i <= 4; i++) await message(tree, `m${i}`)
    await tree.sessions.accept(SESSION, {
      turn: 'open',
      message: 'x',
      acceptedAt: '',
      lane: 'default',
      requestId: null,
    })
    const turns = join(folder(root), 'turn')
    age(join(turns, 'm1', 'm1.result.jsonl'), 8 * DAY)
    age(join(turns, 'open', 'open.intent.jsonl'), 8 * DAY)
    for (const group of ['m1', 'open']) age(join(turns, group), 8 * DAY)
    const orphan = join(folder(root), '.t.orphan')
    const young = join(folder(root), '.t.young')
    for (const path of [orphan, young]) writeFileSync(path, '')
    age(orphan, 2 * 60 * MINUTE)
    for (let i = 5; i <= 12; i++) await message(tree, `m${i}`)
    expect(existsSync(join(turns, 'm1'))).toBe(false)
    expect(existsSync(join(turns, 'm2'))).toBe(true)
    expect(existsSync(join(turns, 'open'))).toBe(true)
    expect(existsSync(orphan)).toBe(false)
    expect(existsSync(young)).toBe(true)
  })

  test('a group of many turns goes in several steps, and its open turn stays', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    for (let i = 10; i < 40; i++) await message(tree, `group-${i}`)
    const open = { turn: 'group-open', message: 'x', acceptedAt: '', lane: 'default', requestId: null }
    await tree.sessions.accept(SESSION, open)
    const group = join(folder(root), 'turn', 'group-')
    const before = readdirSync(group).length
    for (const name of readdirSync(group)) age(join(group, name), 8 * DAY)
    age(group, 8 * DAY)
    const left: number[] = []
    for (let i = 0; left.at(-1) !== 2; i++) {
      await message(tree, `m${i}`)
      left.push(readdirSync(group).length)
    }
    expect(left[1]).toBe(before - 20)
    expect(readdirSync(group).every((name) => name.startsWith('group-open.'))).toBe(true)
    for (const name of readdirSync(group)) age(join(group, name), 31 * DAY)
    age(group, 31 * DAY)
    for (let i = 0; existsSync(group); i++) await message(tree, `n${i}`)
    expect((await tree.sessions.openTurns(SESSION)).map(({ turn }) => turn)).toEqual([])
  })

  test('what three hundred crashes left is gone after a few messages, and the directory stays small', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    for (let i = 1; i <= 4; i++) await message(tree, `m${i}`)
    for (let i = 0; i < 300; i++) {
      const orphan = join(folder(root), `.t.${String(i).padStart(10, '0')}-crashed`)
      writeFileSync(orphan, 'half a version')
      age(orphan, 2 * 60 * MINUTE)
    }
    for (let i = 5; i <= 20; i++) await message(tree, `m${i}`)
    const names = readdirSync(folder(root))
    expect(names.filter((name) => name.startsWith('.t.'))).toEqual([])
    expect(names.length).toBeLessThan(100)
  })

  test.each([
    ['of one process one lease', 1, ['rel.0000000006']],
    ['of two in turns no more than two leases', 2, ['rel.0000000005', 'rel.0000000006']],
  ])('%s stays behind', async (_claim, processes, stays) => {
    const root = temporaryDirectory()
    const trees = Array.from({ length: processes }, () => testTree(root))
    for (let i = 1; i <= 6; i++) await message(trees[i % processes]!, `m${i}`)
    const names = readdirSync(folder(root))
    expect(names.filter((name) => /^(lock|rel)\./.test(name))).toEqual(stays)
    expect(names.filter((name) => name.startsWith('.t.'))).toEqual([])
  })
})

describe('counting sessions', () => {
  test('looks into each session once, and forgets those that were deleted', async () => {
    const root = temporaryDirectory()
    const counter = countingFs(nodeFs)
    const tree = testTree(root, { fs: counter.fs })
    const counted = async (): Promise<readonly [sessions: number, calls: number]> => {
      counter.reset()
      return [await tree.sessions.count('SupportBot'), counter.calls()]
    }
    await message(tree, 'one')
    await message(tree, 'two', { session: { ...SESSION, key: 'bob' } })
    expect(await counted()).toEqual([2, 3])
    expect(await counted()).toEqual([2, 1])
    rmSync(folder(root), { recursive: true })
    expect(await counted()).toEqual([1, 1])
    await message(tree, 'one')
    expect(await counted()).toEqual([2, 2])
  })
})

describe('what a message costs', () => {
  test('no more file operations after 60 messages than after 10, and beside 20 other sessions', async () => {
    const root = temporaryDirectory()
    const counter = countingFs(nodeFs)
    const tree = testTree(root, { fs: counter.fs })
    const cost = async (turn: string): Promise<number> => {
      counter.reset()
      await message(tree, turn)
      return counter.calls()
    }
    const costs: number[] = []
    for (let i = 0; i < 60; i++) costs.push(await cost(`m${i}`))
    const early = Math.max(...costs.slice(5, 15))
    expect(Math.max(...costs.slice(50))).toBeLessThanOrEqual(early)
    for (let i = 0; i < 20; i++) {
      await tree.sessions.accept(
        { agent: 'SupportBot', key: `other${i}` },
        { turn: 't', message: '', acceptedAt: '', lane: 'default', requestId: null },
      )
    }
    expect(await cost('last')).toBeLessThanOrEqual(early)
    expect(early).toBeLessThanOrEqual(75)
  })
})

describe('a tree that is not there', () => {
  test('a session is not begun in an unmounted directory', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    unlinkSync(join(sessionsDir(root), '.tree.json'))
    const fault = await faultOf(message(tree, 'one'))
    expect(fault.code).toBe('tree_missing')
    expect(readdirSync(sessionsDir(root)).filter((name) => !name.startsWith('.'))).toEqual([])
    expect(existsSync(stateDir(root))).toBe(true)
  })
})
