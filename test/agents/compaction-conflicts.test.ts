import { describe, expect, test } from '@jest/globals'
import { compact } from '../../agents/claw/compact.ts'
import { resetSession } from '../../agents/claw/reset.ts'
import { say } from '../support/asking.ts'
import { calls, says } from '../support/scripted-model.ts'
import { contents, MANUAL, request, STORED, SUMMARY, talked } from './compaction-world.ts'

describe('what happens to the session during a compaction', () => {
  test('a message is not lost: it stays behind the summary, without a second model call', async () => {
    const t = await talked(MANUAL, 4)
    t.model.answer(async () => {
      t.model.answer(says('a5'))
      await say(t, 'q5')
      return SUMMARY
    })
    expect(await compact(t.world, request(t))).toMatchObject({ turnsBefore: 5, turnsAfter: 3 })
    expect(await contents(t)).toEqual([STORED, 'q3', 'a3', 'q4', 'a4', 'q5', 'a5'])
    expect(t.model.requests).toHaveLength(6)
  })

  test('a turn that was running when it was compacted is added behind the summary', async () => {
    const t = await talked(MANUAL, 3)
    t.model.answer(async () => {
      t.model.answer(SUMMARY)
      await compact(t.world, request(t))
      return says('a4')
    })
    expect(await say(t, 'q4')).toBe('a4')
    expect(await contents(t)).toEqual([STORED, 'q3', 'a3', 'q4', 'a4'])
  })

  test('a skill may ask for it in the middle of a turn of the same session', async () => {
    const source = MANUAL.replace('return { "order_id"', 'Bot.compact(); return { "order_id"')
    const t = await talked(source, 3)
    t.model.answer(calls(['lookup_order', { order_id: 'ORD-1' }]), SUMMARY, says('a4'))
    expect(await say(t, 'q4')).toBe('a4')
    expect(await contents(t)).toEqual([STORED, 'q3', 'a3', 'q4', 'a4'])
  })

  test('a reset wins', async () => {
    const t = await talked(MANUAL, 4)
    t.model.answer(async () => {
      await resetSession(t.world, { agent: 'Bot', key: 'default' })
      return SUMMARY
    })
    expect(await compact(t.world, request(t))).toMatchObject({ status: 'not_needed' })
    expect(await contents(t)).toEqual([])
  })

  test('of two compactions the first wins, and nothing is summarized twice', async () => {
    const t = await talked(MANUAL, 4)
    t.model.answer(async () => {
      t.model.answer(says('First.'))
      await compact(t.world, request(t))
      return says('Second.')
    })
    expect(await compact(t.world, request(t))).toMatchObject({ status: 'not_needed' })
    expect(await contents(t)).toEqual(['[Session Summary] First.', 'q3', 'a3', 'q4', 'a4'])
  })
})
