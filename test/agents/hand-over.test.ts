import { describe, expect, test } from '@jest/globals'
import { type AskRequest, ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { resumeTurn, untilFree } from '../../agents/claw/resume.ts'
import { turnState } from '../../agents/claw/turn-state.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { LaneStore } from '../../agents/ports/limits.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const PROGRAM = `
channel web { type: "http" }
skill look { description: "Looks" impl() { emit "LOOKED"; return "seen"; } }
skill ask_other { description: "Asks" impl() { return Other.ask("you too"); } }
agent Other { provider: "openai" model: "gpt-4o-mini" }
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [look, ask_other] }
`
/** The caller has 25 s; with less than 10 s left nothing long begins. */
const patience = (test: TestWorld) => ({ at: test.clock.now() + 25_000, leastMs: 10_000 })

const place = (...answers: readonly Answer[]): TestWorld =>
  testWorld(PROGRAM, { model: new ScriptedModel().answer(...answers) })

const turnOf = (request: AskRequest) => ({ agent: request.agent, key: request.key, turn: request.turn ?? '' })

const resume = (test: TestWorld, request: AskRequest) =>
  resumeTurn(test.world, turnOf(request), {
    deadlineAt: test.clock.now() + 900_000,
    signal: new AbortController().signal,
    requestId: null,
    holding: [],
  })

const asked = (test: TestWorld, extra: Partial<AskRequest> = {}): AskRequest =>
  message(test, 'look', {
    turn: 'turn1',
    handOver: patience(test),
    deadlineAt: test.clock.now() + 27_000,
    ...extra,
  })

describe('a turn is handed over', () => {
  test('before a model call for which too little time is left; what was done is not done again', async () => {
    const test = place(() => {
      test.clock.pass(20_000)
      return calls(['look', {}])
    }, says('I saw it'))
    const slow = asked(test)
    expect([(await faultOf(ask(test.world, slow))).code, test.emitted]).toEqual(['turn_handed_over', []])
    expect(await turnState(test.world, turnOf(slow))).toMatchObject({ kind: 'running', isLeft: true })
    const answer = await resume(test, slow)
    expect([answer.response, answer.turn, test.emitted, test.model.requests.length]).toEqual([
      'I saw it',
      'turn1',
      ['LOOKED'],
      2,
    ])
    expect(await turnState(test.world, turnOf(slow))).toMatchObject({
      kind: 'over',
      result: { status: 'completed', response: 'I saw it' },
    })
  })

  test('out of a model call that takes longer; it stays reserved and is made again', async () => {
    const test = place(() => {
      test.clock.pass(26_000)
      return new Fault('provider_timeout', { provider: 'openai' })
    }, says('at last'))
    const slow = asked(test)
    expect((await faultOf(ask(test.world, slow))).code).toBe('turn_handed_over')
    expect((await resume(test, slow)).response).toBe('at last')
  })

  test('out of a compaction that takes longer, which is then made by whoever goes on', async () => {
    const test = testWorld(
      PROGRAM.replace('channels: [web]', 'session: { max_history_turns: 3 } channels: [web]'),
    )
    for (const n of [1, 2, 3, 4]) {
      test.model.answer(says(`a${n}`))
      await say(test, `q${n}`)
    }
    const slow = asked(test)
    test.model.answer(
      () => {
        test.clock.pass(26_000)
        return new Fault('provider_timeout', { provider: 'openai' })
      },
      says('## Facts\n## Summary\nFour questions.'),
      says('at last'),
    )
    expect((await faultOf(ask(test.world, slow))).code).toBe('turn_handed_over')
    expect(test.events()).not.toContain('session.compaction_failed')
    expect((await resume(test, slow)).response).toBe('at last')
    const [first] = await history(test.world, turnOf(slow))
    expect(first?.content).toBe('[Session Summary] Four questions.')
  })

  test('at once when the caller does not want to wait: only the message is stored', async () => {
    const test = place(says('later'))
    const request = asked(test, { handOver: { at: test.clock.now(), leastMs: 1 } })
    expect((await faultOf(ask(test.world, request))).code).toBe('turn_handed_over')
    expect(test.model.requests).toHaveLength(0)
    expect((await resume(test, request)).response).toBe('later')
  })

  test('never out of a tool call: what it asks of other agents is answered', async () => {
    const test = place(
      calls(['ask_other', {}]),
      () => {
        test.clock.pass(30_000)
        return says('other')
      },
      says('done'),
    )
    const request = asked(test, { deadlineAt: test.clock.now() + 60_000 })
    expect((await faultOf(ask(test.world, request))).code).toBe('turn_handed_over')
    expect((await resume(test, request)).response).toBe('done')
    expect(test.model.agents).toEqual(['Bot', 'Other', 'Bot'])
  })

  test('and a refusal is still a refusal, with nothing stored', async () => {
    const test = place()
    await test.world.killSwitch.set('Bot', { disabled: true, reason: 'off', by: 'admin', at: '' })
    const request = asked(test, { handOver: { at: test.clock.now(), leastMs: 1 } })
    expect((await faultOf(ask(test.world, request))).code).toBe('agent_disabled')
    expect((await faultOf(turnState(test.world, turnOf(request)))).code).toBe('turn_not_found')
  })
})

describe('a turn that nobody waits for', () => {
  const attempts = async (test: TestWorld, untilMs: number, ...ends: readonly (Fault | null)[]) => {
    const request = asked(test, { handOver: null, deadlineAt: Number.POSITIVE_INFINITY })
    let made = 0
    const answer = untilFree(test.world, test.clock.now() + untilMs, async () => {
      const end = ends[made++] ?? null
      test.clock.pass(10_000)
      if (end !== null) throw end
      return await ask(test.world, request)
    })
    return {
      end: await answer.then(
        ({ response }) => response,
        ({ code }: Fault) => code,
      ),
      made,
    }
  }
  const busy = new Fault('session_busy', { key: 'k' })
  const full = new Fault('lane_full', { lane: 'default' })

  test('is tried again while its session or its lane is busy', async () => {
    expect(await attempts(place(says('at last')), 60_000, busy, full, busy)).toEqual({
      end: 'at last',
      made: 4,
    })
  })

  test('is given back when its time is over', async () => {
    expect(await attempts(place(), 20_000, busy, full, busy)).toEqual({ end: 'lane_full', made: 2 })
  })

  test('ends with anything else', async () => {
    expect(await attempts(place(), 60_000, busy, new Fault('agent_disabled', { agent: 'Bot' }))).toEqual({
      end: 'agent_disabled',
      made: 2,
    })
  })

  test('has the priority of all the time since its message came in', async () => {
    const test = place(says('hello'))
    const request = asked(test, { handOver: { at: test.clock.now(), leastMs: 1 } })
    await faultOf(ask(test.world, request))
    test.clock.pass(90_000)
    const waited: unknown[] = []
    const lanes: LaneStore = {
      enter: async (lane) => {
        waited.push(lane.waitedMs)
        return await test.world.lanes.enter(lane)
      },
    }
    await resume({ ...test, world: { ...test.world, lanes } }, request)
    expect(waited).toEqual([90_000])
  })
})

describe('a turn id that stands for another message', () => {
  test('is refused; for the same message it is the same turn', async () => {
    const test = place(says('one'))
    const request = asked(test, { fingerprint: 'a' })
    expect((await ask(test.world, request)).response).toBe('one')
    expect((await ask(test.world, request)).response).toBe('one')
    expect((await faultOf(ask(test.world, { ...request, message: 'other', fingerprint: 'b' }))).code).toBe(
      'idempotency_conflict',
    )
    expect(test.model.requests).toHaveLength(1)
  })
})

describe('the state of a turn', () => {
  test.each(['', '..', '../turn1', 'a/b', 'x'.repeat(65), 'unknown'])('%j is no turn', async (turn) => {
    const test = place(says('hello'))
    await say(test, 'hi')
    const state = turnState(test.world, { agent: 'Bot', key: 'k', turn })
    expect((await faultOf(state)).code).toBe('turn_not_found')
  })

  test('of one in hand is running, and nobody needs to take it up', async () => {
    const test = place(async () => {
      test.clock.pass(60_000)
      expect(await turnState(test.world, turnOf(request))).toMatchObject({ kind: 'running', isLeft: false })
      return says('done')
    })
    const request = asked(test, { handOver: null, deadlineAt: test.clock.now() + 900_000 })
    expect((await ask(test.world, request)).response).toBe('done')
  })
})
