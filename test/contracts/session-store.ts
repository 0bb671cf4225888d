import { describe, expect, test } from '@jest/globals'
import type {
  Lease,
  SessionStore,
  SessionVersion,
  StoredMessage,
  TurnIntent,
  TurnResult,
  VersionDraft,
} from '../../agents/ports/sessions.ts'
import { faultOf } from '../support/faults.ts'

const REF = { agent: 'SupportBot', key: 'cli_user_alice' }
const TS = '2026-02-18T10:00:01Z'
const say = (content: string): StoredMessage => ({ role: 'user', content, ts: TS })

const draft = (base: SessionVersion, content: string, turn: string | null = content): VersionDraft => ({
  kind: 'turn',
  sessionId: base.sessionId || 'S1',
  messages: [...base.messages, say(content)],
  turn,
  compactions: base.compactions,
  startedAt: 5,
  lastActivityAt: 6,
})

const intent = (turn: string): TurnIntent => ({
  turn,
  message: 'What is a variable?',
  acceptedAt: TS,
  lane: 'default',
  requestId: null,
})

const DONE = {
  status: 'completed',
  response: 'A container',
  tokens: 3,
  cost: 0,
  finishedAt: TS,
} as const satisfies TurnResult

async function take(store: SessionStore, ref = REF): Promise<Lease> {
  const lease = await store.acquire(ref, { purpose: 'turn', ttlMs: 60_000, waitMs: 0 })
  if (lease === null) throw new Error('busy')
  return lease
}

/** What every SessionStore keeps; `open` gives a new store over the same, at first empty, place each time. */
export function sessionStoreContract(fresh: () => { open(): SessionStore }): void {
  describe('session store', () => {
    test('a session that was never written is empty, and is not listed', async () => {
      const store = fresh().open()
      await expect(store.open(REF)).resolves.toMatchObject({
        seq: 0,
        messages: [],
        turns: [],
        degraded: false,
      })
      await expect(store.list('SupportBot')).resolves.toEqual([])
      await expect(store.count('SupportBot')).resolves.toBe(0)
    })

    test('what was committed is there for the next process', async () => {
      const place = fresh()
      const store = place.open()
      const result = await store.commit(
        REF,
        await store.open(REF),
        draft(await store.open(REF), 'hello'),
        await take(store),
      )
      expect(result.kind).toBe('committed')
      await expect(place.open().open(REF)).resolves.toEqual({
        seq: 1,
        sessionId: 'S1',
        messages: [say('hello')],
        turns: ['hello'],
        compactions: 0,
        lastActivityAt: 6,
        startedAt: 5,
        degraded: false,
      })
    })

    test('of two commits on one base the second is a conflict that shows what stands', async () => {
      const store = fresh().open()
      const lease = await take(store)
      const base = await store.open(REF)
      await store.commit(REF, base, draft(base, 'first'), lease)
      const second = await store.commit(REF, base, draft(base, 'second'), lease)
      expect(second).toMatchObject({ kind: 'conflict', newest: { seq: 1, messages: [say('first')] } })
    })

    test('a commit whose turn is in the history already is done, not repeated', async () => {
      const store = fresh().open()
      const lease = await take(store)
      const base = await store.open(REF)
      await store.commit(REF, base, draft(base, 'once'), lease)
      const again = await store.commit(REF, base, draft(base, 'once'), lease)
      expect(again).toMatchObject({ kind: 'committed', version: { seq: 1, messages: [say('once')] } })
    })

    test('content survives whatever it holds', async () => {
      const place = fresh()
      const store = place.open()
      const content = 'line\nbreak "quotes" \\ \u2028 \0 \u{1F600} \uD800 lone ,"sha256":"'
      const base = await store.open(REF)
      await store.commit(REF, base, draft(base, content, 't'), await take(store))
      expect((await place.open().open(REF)).messages).toEqual([say(content)])
    })

    test('the last 64 turns are remembered, over resets too', async () => {
      const store = fresh().open()
      const lease = await take(store)
      let version = await store.open(REF)
      for (let i = 0; i < 70; i++) {
        const kind = i === 68 ? 'reset' : 'turn'
        const result = await store.commit(REF, version, { ...draft(version, `t${i}`), kind }, lease)
        if (result.kind === 'conflict') throw new Error('conflict')
        version = result.version
      }
      expect(version.turns).toHaveLength(64)
      expect(version.turns.at(-1)).toBe('t69')
      expect(version.turns[0]).toBe('t6')
    })

    test('one holder of the lease at a time, and a growing epoch', async () => {
      const place = fresh()
      const store = place.open()
      const first = await take(store)
      await expect(
        place.open().acquire(REF, { purpose: 'turn', ttlMs: 1000, waitMs: 200 }),
      ).resolves.toBeNull()
      await first.release()
      const second = await take(place.open())
      expect(second.epoch).toBeGreaterThan(first.epoch)
    })

    test('another session is not in the way', async () => {
      const store = fresh().open()
      await take(store)
      await expect(take(store, { agent: 'SupportBot', key: 'cli_user_bob' })).resolves.toBeDefined()
      await expect(take(store, { agent: 'OtherBot', key: REF.key })).resolves.toBeDefined()
    })

    test('a turn is accepted once', async () => {
      const place = fresh()
      await expect(place.open().accept(REF, intent('t1'))).resolves.toBe(true)
      await expect(place.open().accept(REF, intent('t1'))).resolves.toBe(false)
    })

    test('the journal of a turn tells what was begun, finished and answered', async () => {
      const place = fresh()
      const store = place.open()
      await expect(store.turn(REF, 't1')).resolves.toBeNull()
      await store.accept(REF, intent('t1'))
      const step = { kind: 'tool', callId: 'c1', name: 'lookup', content: '42', isError: false } as const
      await store.beginStep(REF, 't1', 0)
      await expect(store.recordStep(REF, 't1', 0, step)).resolves.toBe(true)
      await expect(store.recordStep(REF, 't1', 0, { ...step, content: '43' })).resolves.toBe(false)
      await store.beginStep(REF, 't1', 1)
      const open = { intent: intent('t1'), steps: [step], begun: [0, 1], waits: [], result: null }
      await expect(place.open().turn(REF, 't1')).resolves.toEqual(open)
      await store.close(REF, 't1', DONE)
      await store.close(REF, 't1', { ...DONE, response: 'too late' })
      await expect(place.open().turn(REF, 't1')).resolves.toEqual({ ...open, result: DONE })
    })

    test('the journal of a turn tells what it was seen waiting for, the newest last', async () => {
      const place = fresh()
      const store = place.open()
      await store.accept(REF, intent('t1'))
      await store.recordWaiting(REF, 't1', 'first')
      await store.recordWaiting(REF, 't1', 'first')
      expect((await place.open().turn(REF, 't1'))?.waits).toEqual(['first'])
      await place.open().recordWaiting(REF, 't1', 'second')
      expect((await place.open().turn(REF, 't1'))?.waits).toEqual(['first', 'second'])
    })

    test('steps come back in order, also beyond ten', async () => {
      const store = fresh().open()
      await store.accept(REF, intent('t1'))
      for (let i = 0; i < 12; i++) {
        await store.recordStep(REF, 't1', i, {
          kind: 'tool',
          callId: `c${i}`,
          name: 'n',
          content: String(i),
          isError: false,
        })
      }
      const turn = await store.turn(REF, 't1')
      expect(turn?.steps.map((step) => (step.kind === 'tool' ? step.content : ''))).toEqual(
        Array.from({ length: 12 }, (_, i) => String(i)),
      )
    })

    test('archiving is repeatable, and sessions of one day lie side by side', async () => {
      const store = fresh().open()
      const base = await store.open(REF)
      const first = { ...base, seq: 1, sessionId: 'S1', messages: [say('one')] }
      const name = await store.archive(REF, first, 'manual')
      expect(name).toMatch(/^\d{4}-\d\d-\d\d_S1\.jsonl$/)
      await expect(store.archive(REF, first, 'manual')).resolves.toBe(name)
      const other = await store.archive(REF, { ...first, seq: 3, sessionId: 'S2' }, 'idle')
      expect(other).not.toBe(name)
    })

    test('forgetting takes the texts of turns that are over and do not stay, and of earlier versions', async () => {
      const place = fresh()
      const store = place.open()
      const lease = await take(store)
      for (const turn of ['gone', 'live', 'open']) await store.accept(REF, intent(turn))
      for (const turn of ['gone', 'live']) {
        await store.commit(REF, await store.open(REF), draft(await store.open(REF), turn), lease)
        await store.close(REF, turn, DONE)
      }
      const stays = ({ turn }: TurnIntent) => turn === 'live'
      for (let times = 0; times < 2; times++) await store.forgetPast(REF, stays)
      const later = place.open()
      expect(await later.turn(REF, 'gone')).toEqual({
        intent: { ...intent('gone'), message: '' },
        steps: [],
        begun: [],
        waits: [],
        result: { status: 'forgotten', finishedAt: TS },
      })
      expect(await later.turn(REF, 'live')).toMatchObject({ intent: intent('live'), result: DONE })
      expect(await later.turn(REF, 'open')).toMatchObject({ intent: intent('open'), result: null })
      expect(await later.open(REF)).toMatchObject({
        seq: 2,
        messages: [say('gone'), say('live')],
        degraded: false,
      })
      expect(await later.accept(REF, intent('gone'))).toBe(false)
    })

    test('sessions are listed by key with their last state', async () => {
      const store = fresh().open()
      for (const key of ['b/../x', 'A', 'ü']) {
        const ref = { agent: 'SupportBot', key }
        const base = await store.open(ref)
        await store.commit(ref, base, draft(base, `hi ${key}`), await take(store, ref))
      }
      await store.accept({ agent: 'SupportBot', key: 'only accepted' }, intent('t'))
      const newest = (key: string) => ({ role: 'user', content: `hi ${key}`, ts: '2026-02-18T10:00:01Z' })
      const summary = { sessionId: 'S1', messages: 1, lastActivityAt: 6 }
      await expect(store.list('SupportBot')).resolves.toEqual([
        { key: 'A', newest: newest('A'), ...summary },
        { key: 'b/../x', newest: newest('b/../x'), ...summary },
        { key: 'ü', newest: newest('ü'), ...summary },
      ])
      await expect(store.count('SupportBot')).resolves.toBe(3)
    })

    test.each([
      ['', 'empty'],
      ['a\0b', 'NUL'],
      ['\uD800', 'Unicode'],
      ['x'.repeat(1025), '1025 bytes'],
    ])('a key that cannot be kept is refused: %j', async (key, problem) => {
      const store = fresh().open()
      const fault = await faultOf(store.open({ agent: 'SupportBot', key }))
      expect(fault.code).toBe('session_key_invalid')
      expect(fault.data.problem).toContain(problem)
    })
  })
}
