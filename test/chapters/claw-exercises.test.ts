// The exercises of chapter 24 as examples/claw-exercises has them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { history } from '../../agents/claw/history.ts'
import { runProgram } from '../../agents/run-program.ts'
import { say } from '../support/asking.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { ROOT } from '../support/server.ts'
import { moduleOf, testApi } from '../support/system.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const EXERCISES = join(ROOT, 'examples/claw-exercises')
const source = (name: string): string => readFileSync(join(EXERCISES, `${name}.neam`), 'utf8')

const run = async (t: TestWorld): Promise<readonly string[]> => {
  const before = t.emitted.length
  await runProgram(t.world, { signal: new AbortController().signal })
  return t.emitted.slice(before)
}

/** Answers each request, however many there are. */
const always = (answer: Answer): readonly Answer[] => Array.from({ length: 40 }, () => answer)

describe('exercise', () => {
  test('24.1: the second question comes with the first exchange', async () => {
    const t = testWorld(source('24-1-minimal'))
    t.model.answer(says('Noted.'), says('Green.'))
    expect(await run(t)).toEqual(['Noted.', 'Green.'])
    expect(t.model.lastContents).toEqual(
      expect.arrayContaining(['My favourite colour is green.', 'Noted.', 'What is my favourite colour?']),
    )
  })

  test('24.2: after 90 seconds the session is a new one, with idle_reset_minutes: 5 it is the old one', async () => {
    const asked = async (program: string) => {
      const t = testWorld(program)
      t.model.answer(says('Nothing.'), says('Nothing.'))
      await run(t)
      t.clock.pass(90_000)
      await run(t)
      return t.model.lastContents.filter((content) => content === 'What did I say before?').length
    }
    const program = source('24-2-idle-reset')
    expect(await asked(program)).toBe(1)
    expect(await asked(program.replace('idle_reset_minutes: 1 ', 'idle_reset_minutes: 5 '))).toBe(2)
  })

  test('24.3: what is said over one channel is not known over the other', async () => {
    const api = await testApi({ module: moduleOf(source('24-3-two-channels')) })
    await runProgram(api.system.world, { signal: new AbortController().signal })
    const body = { user_id: 'alice', content: 'What did I tell you?' }
    const { body: answer } = await api.call('POST', '/chat', { body })
    expect(answer.session_key).toBe('Both/http_alice')
    expect(answer.content).not.toContain('ORD-1')
    const own = await history(api.system.world, { agent: 'Both', key: 'default' })
    expect(own.map(({ content }) => content)).toContain('My order is ORD-1.')
  })

  test('24.4: recent numbers are there word for word, the oldest in the summary', async () => {
    const t = testWorld(source('24-4-compaction'))
    t.model.answer(
      ...always(({ messages: [first] }) =>
        first?.content.includes('You remember numbers.')
          ? says('Noted.')
          : says('## Facts\n- none\n## Summary\nThe numbers began with 11.'),
      ),
    )
    const [line] = await run(t)
    const [, count, first] = /^word for word: (\d+), first: Remember the number (\d+)\.$/.exec(line!)!
    expect(Number(count)).toBeLessThanOrEqual(10)
    expect(Number(first)).toBeGreaterThan(11)
    expect(t.model.lastContents.join('\n')).toContain('The numbers began with 11.')
    expect(t.model.lastContents).toContain('Remember the number 165.')
  })

  test('24.5: under load the urgent lane is served before the normal one, and that before the background', async () => {
    const api = await testApi({
      module: moduleOf(source('24-5-lanes')),
      environment: { NEAM_AGENT_TURNS: '1' },
    })
    const { world } = api.system
    const served: string[] = []
    const model = new ScriptedModel().answer(
      ...always(({ messages }) => {
        served.push(messages.at(-1)!.content)
        return says('Yes.')
      }),
    )
    const { lanes } = world
    let queued = () => {}
    const allWait = new Promise<void>((resolve) => {
      let asked = 0
      queued = () => void (++asked === 3 && resolve())
    })
    const enter: typeof lanes.enter = (request) => {
      // Who finds no slot has its ticket when this returns.
      const slot = lanes.enter(request)
      queued()
      return slot
    }
    const busy = await lanes.enter({
      agent: 'Desk',
      lane: 'normal',
      concurrency: 2,
      priority: 'normal',
      waitMs: 0,
      capacity: 1,
    })
    Object.defineProperties(world, { models: { value: model }, lanes: { value: { enter } } })
    const send = (lane: string) =>
      api.call('POST', `/api/v1/claw/Desk/sessions/${lane}/message`, {
        body: { message: lane, metadata: { lane } },
      })
    const answers = ['background', 'normal', 'urgent'].map(send)
    await allWait
    await busy?.leave()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(served).toEqual(['urgent', 'normal', 'background'])
  })

  test('24.6: a password is blocked, a key in the answer is blotted out', async () => {
    const t = testWorld(source('24-6-guards'))
    t.model.answer(says('A phone book.'), says('One is sk-abc_123-XY.'))
    expect(await run(t)).toEqual(['A phone book.', 'refused: guard_blocked', 'One is [redacted].'])
  })

  test('24.7: the second question comes with the first, and the program is shorter', async () => {
    const t = testWorld(source('24-7-migrated'))
    t.model.answer(says('Mount Everest.'), says('8,849 m.'))
    expect(await run(t)).toEqual(['Mount Everest.', '8,849 m.'])
    expect(t.model.lastContents).toContain('Mount Everest.')
    const legacy = readFileSync(join(ROOT, 'test/chapters/programs/ch24-14-legacy-bot.neam'), 'utf8')
    const lines = (text: string) => text.split('\n').filter((line) => /^\s*[^\s/]/.test(line)).length
    expect(lines(source('24-7-migrated'))).toBeLessThan(lines(legacy))
  })

  test('24.8: a booking is made and changed in later turns, long messages are blocked, likes outlive the session', async () => {
    const t = testWorld(source('24-8-reservations'))
    const tell = (text: string) => say(t, text, { agent: 'Reservations', key: 'http_ann' })
    const booking = { name: 'Ann', date: '2026-12-01', party_size: 2 }
    t.model.answer(
      calls(['check_availability', { date: '2026-12-01', time: '19:00', party_size: 2 }]),
      ({ messages }) => says(messages.at(-1)!.content),
      calls(['make_reservation', { ...booking, time: '19:00' }]),
      ({ messages }) => says(messages.at(-1)!.content),
      calls(['make_reservation', { ...booking, time: '20:00' }]),
      ({ messages }) => says(messages.at(-1)!.content),
    )
    expect(await tell('Is a table for two free on 1 December at 19:00? I like to sit by the window.')).toBe(
      'A table for 2 is free on 2026-12-01 at 19:00.',
    )
    const confirmed = await tell('Please book it for Ann.')
    expect(confirmed).toMatch(/^Confirmed: R-[0-9a-f]{6}$/)
    expect(await tell('Make it 20:00.')).toBe(confirmed)
    // What the change was decided on: all that had been said of the booking.
    expect(t.model.lastContents).toEqual(expect.arrayContaining(['Please book it for Ann.', confirmed]))

    await expect(tell('x'.repeat(501))).rejects.toMatchObject({ code: 'guard_blocked' })

    t.clock.pass(16 * 60_000)
    t.model.answer(says('The same place?'))
    await tell('A table by the window for Ann, please.')
    expect(t.model.lastContents).not.toContain('Please book it for Ann.')
    expect(t.model.lastContents.join('\n')).toContain('I like to sit by the window.')
  })

  test('programs are all run here', () => {
    const names = readdirSync(EXERCISES)
    const own = readFileSync(import.meta.filename, 'utf8')
    expect(names.filter((name) => !own.includes(`'${name.replace(/\.neam$/, '')}'`))).toEqual([])
  })
})
