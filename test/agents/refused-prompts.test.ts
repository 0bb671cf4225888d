import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { compact } from '../../agents/claw/compact.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { type Answer, calls, says } from '../support/scripted-model.ts'
import type { TestWorld } from '../support/world.ts'
import { archived, contents, request, STORED, SUMMARY, talked, withSession } from './compaction-world.ts'

const TOO_LONG = new Fault('prompt_too_long', { provider: 'openai', problem: 'status 400' })
const MANUAL = withSession('compaction: "manual"')

/** A model whose window holds so many messages, whatever was known of it. */
const holding =
  (messages: number, answer: Answer = says('ok')): Answer =>
  (request) =>
    request.messages.length > messages ? TOO_LONG : answer

const many = (answer: Answer): readonly Answer[] => Array.from({ length: 10 }, () => answer)
const trimmed = ({ audit }: TestWorld) => audit.filter(({ event }) => event === 'session.context_trimmed')

describe('a prompt that the model finds too long', () => {
  test('is tried once more with half of its history; the session keeps all of it', async () => {
    const t = await talked(MANUAL, 6)
    t.model.answer(...many(holding(9)))
    const before = t.model.requests.length
    expect(await say(t, 'q7')).toBe('ok')
    const [first, second, ...more] = t.model.requests.slice(before).map(({ messages }) => messages)
    expect([first?.length, more]).toEqual([14, []])
    expect(second?.map(({ content }) => content)).toEqual([
      'You help customers.',
      ...['q4', 'a4', 'q5', 'a5', 'q6', 'a6', 'q7'],
    ])
    expect(await contents(t)).toHaveLength(14)
    expect(trimmed(t)).toMatchObject([{ detail: 'prompt_too_long', metadata: { turns: 3 } }])
  })

  test('is compacted first where the session compacts by itself', async () => {
    const t = await talked(withSession('max_history_turns: 12'), 12)
    t.model.answer(holding(20), SUMMARY, holding(20))
    expect(await say(t, 'q13')).toBe('ok')
    expect(t.model.lastContents).toContain(STORED)
    expect((await contents(t)).slice(0, 2)).toEqual([STORED, 'q9'])
    expect(archived(t)).toHaveLength(1)
  })

  test('is tried no third time: the history is as it was, and the Fault says what to do', async () => {
    const t = await talked(MANUAL, 6)
    t.model.answer(...many(TOO_LONG))
    const before = t.model.requests.length
    const fault = await faultOf(ask(t.world, message(t, 'q7')))
    expect(faultText(fault)).toBe(
      'the prompt is longer than the model takes (openai: status 400); state its context_window, or reset the session',
    )
    expect(t.model.requests).toHaveLength(before + 2)
    expect(await contents(t)).toHaveLength(12)
  })

  test('has nothing to leave out without a history', async () => {
    const t = await talked(MANUAL, 0)
    t.model.answer(...many(TOO_LONG))
    expect((await faultOf(ask(t.world, message(t, 'q1')))).code).toBe('prompt_too_long')
    expect(t.model.requests).toHaveLength(1)
  })

  test('after a tool has run is tried with the result that is there: the tool is not run again', async () => {
    const source = MANUAL.replace('impl(order_id) {', 'impl(order_id) { emit "LOOKED";')
    const t = await talked(source, 6)
    const answer: Answer = ({ messages }) =>
      messages.at(-1)?.role === 'tool' ? says('shipped') : calls(['lookup_order', { order_id: '7' }])
    t.model.answer(...many(holding(14, answer)))
    expect(await say(t, 'q7')).toBe('shipped')
    expect(t.emitted).toEqual(['LOOKED'])
    const { messages } = t.model.requests.at(-1)!
    expect(messages.map(({ role }) => role).slice(-3)).toEqual(['user', 'assistant', 'tool'])
    expect(messages).toHaveLength(10)
  })

  test('costs its budget nothing', async () => {
    const source = MANUAL.replace(
      'claw agent Bot {',
      'budget Calls { api_calls: 8 reset: "never" }\nclaw agent Bot { budget: Calls',
    )
    const t = await talked(source, 6)
    t.model.answer(...many(holding(9)))
    await say(t, 'q7')
    const [budget] = t.world.program.module.manifest.budgets
    expect((await t.world.budgets.used(budget!, 0)).tokens).toBe(7 * 120)
  })
})

describe('a history with something in it that the vendor refuses', () => {
  const REFUSED = new Fault('provider_refused', { provider: 'openai', problem: 'status 400', status: 400 })
  const POISON = 'q2'
  const refusing: Answer = ({ messages }) =>
    messages.some(({ content }) => content.includes(POISON)) ? REFUSED : says('ok')

  test('leaves the session usable: the message is answered without it, which is told', async () => {
    const t = await talked(MANUAL, 3)
    t.model.answer(...many(refusing))
    expect(await say(t, 'q4')).toBe('ok')
    expect(t.model.lastContents).toEqual(['You help customers.', 'q4'])
    expect(await contents(t)).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q4', 'ok'])
    expect(trimmed(t)).toMatchObject([{ detail: 'provider_refused', metadata: { turns: 3 } }])
    expect(t.warnings).toEqual([
      'the model refused the history of session default of Bot; the message was answered without it (a reset archives it and begins a new one)',
    ])
    expect(await say(t, 'q5')).toBe('ok')
  })

  test('may have it in its summary', async () => {
    const t = await talked(withSession('max_history_turns: 3 compaction: "manual"'), 4)
    t.model.answer(says(`## Facts\n## Summary\nThey said ${POISON}.`), refusing, refusing)
    await compact(t.world, request(t))
    expect(await say(t, 'q5')).toBe('ok')
    expect(t.model.lastContents).toEqual(['You help customers.', 'q5'])
  })

  test('is not to blame when the message itself is refused: that is the Fault', async () => {
    const t = await talked(MANUAL, 3)
    t.model.answer(...many(REFUSED))
    const before = t.model.requests.length
    expect((await faultOf(ask(t.world, message(t, 'q4')))).code).toBe('provider_refused')
    expect(t.model.requests).toHaveLength(before + 2)
    expect(await contents(t)).toHaveLength(6)
    expect(t.warnings).toEqual([])
  })

  test.each([404, 429])('is not the reason of a status %d, which is not tried again', async (status) => {
    const t = await talked(MANUAL, 3)
    const fault = new Fault('provider_refused', { provider: 'openai', problem: `status ${status}`, status })
    t.model.answer(...many(fault))
    const before = t.model.requests.length
    expect((await faultOf(ask(t.world, message(t, 'q4')))).code).toBe('provider_refused')
    expect(t.model.requests).toHaveLength(before + 1)
  })
})
