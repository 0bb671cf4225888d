import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { resetSession } from '../../agents/claw/reset.ts'
import { type DecideRequest, decideConfirmation } from '../../agents/confirmations/decide.ts'
import { pendingConfirmations } from '../../agents/confirmations/pending.ts'
import { shownCall } from '../../agents/ports/confirmations.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const PROGRAM = `
channel web { type: "http" }
skill pay {
  description: "Pays"
  params: { to: string, amount: number }
  sensitive: true
  impl(to, amount) { emit f"PAID {amount} to {to}"; return f"paid {amount}"; }
}
skill ship { description: "Ships" impl() { emit "SHIPPED"; return "shipped"; } }
skill look { description: "Looks" impl() { emit "LOOKED"; return "seen"; } }
skill probe { description: "Probes" sensitive: true idempotent: true impl() { emit "PROBED"; return "probed"; } }
skill delegate {
  description: "Asks the other agent"
  impl() {
    try { return Inner.ask("pay"); } catch (e) { return f"caught {e.kind}"; }
  }
}
policy rules { confirm: [ship] }
claw agent Bot {
  provider: "openai"
  model: "gpt-4o-mini"
  channels: [web]
  skills: [pay, ship, look, probe, delegate]
  policy: rules
}
claw agent Inner { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [pay] }
`
const PAY = ['pay', { to: 'ann', amount: 5 }] as const

const place = (answers: readonly Answer[], root?: string): TestWorld =>
  testWorld(PROGRAM, { model: new ScriptedModel().answer(...answers), ...(root ? { root } : {}) })

/** Sends a message that ends up waiting, and gives what the caller is told. */
const waits = async (test: TestWorld, text = 'pay ann', extra = {}): Promise<Fault> => {
  const fault = await faultOf(ask(test.world, message(test, text, extra)))
  expect(fault.code).toBe('confirmation_pending')
  return fault
}

const decision = (test: TestWorld, fault: Fault, action: DecideRequest['action'], by: string) => ({
  id: String(fault.data.trace_id),
  action,
  by,
  deadlineAt: test.clock.now() + 60_000,
  signal: new AbortController().signal,
  requestId: null,
})

/** What was decided; that another decision stands is thrown. */
const decide = async (test: TestWorld, fault: Fault, action: DecideRequest['action'], by = 'admin') => {
  const decided = await decideConfirmation(test.world, decision(test, fault, action, by))
  if (decided.late !== null) throw decided.late
  return decided
}

const answered = async (decided: ReturnType<typeof decideConfirmation>): Promise<string> => {
  const { continuation } = await decided
  if (continuation.kind !== 'answered') throw new Error(`the turn ${JSON.stringify(continuation)}`)
  return continuation.answer.response
}

/** Results that the model was given in its last request. */
const results = ({ model }: TestWorld): readonly string[] =>
  model.requests.at(-1)!.messages.flatMap((one) => (one.role === 'tool' ? [one.content] : []))

describe('a tool that needs approval', () => {
  test('waits: nothing has run, nothing is in the history, and the caller is told what to decide', async () => {
    const test = place([calls(PAY)])
    const fault = await waits(test)
    expect(fault.data).toEqual({
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      agent: 'Bot',
      tool: 'pay',
      args: { to: 'ann', amount: 5 },
      reason: 'the sensitive skill pay requires approval',
      expires_at: '2026-11-21T10:05:00.000Z',
      session_key: 'default',
      turn_id: expect.any(String),
    })
    expect(faultText(fault)).toMatch(
      /^the tool pay waits for a person's approval until 2026-11-21T10:05:00.000Z \(trace id [0-9a-f]{32}\): the sensitive skill pay requires approval$/,
    )
    expect(test.emitted).toEqual([])
    const ref = { agent: 'Bot', key: 'default' }
    expect((await test.world.sessions.open(ref)).messages).toEqual([])
    expect(await test.world.sessions.turn(ref, String(fault.data.turn_id))).toMatchObject({
      waits: [fault.data.trace_id],
      result: null,
    })
    expect(test.events()).toEqual(['agent.invoke', 'confirm.request'])
  })

  test('is asked for by a policy, too', async () => {
    const fault = await waits(place([calls(['ship', {}])]))
    expect(fault.data.reason).toBe('policy rules requires approval of the tool ship')
  })

  test('approved: it runs once with the arguments shown, and the turn comes to its answer', async () => {
    const test = place([calls(['look', {}], PAY), says('Ann has her money.')])
    const fault = await waits(test)
    expect(await answered(decide(test, fault, 'approve'))).toBe('Ann has her money.')
    expect(test.emitted).toEqual(['LOOKED', 'PAID 5 to ann'])
    expect(results(test)).toEqual(['seen', 'paid 5'])
    const { messages } = await test.world.sessions.open({ agent: 'Bot', key: 'default' })
    expect(messages.map(({ content }) => content)).toEqual(['pay ann', 'Ann has her money.'])
    expect(test.audit.find(({ event }) => event === 'confirm.result')).toEqual({
      event: 'confirm.result',
      agent: 'Bot',
      tool: 'pay',
      detail: 'approve',
      requestId: null,
      sessionKey: 'default',
      metadata: { trace_id: fault.data.trace_id, by: 'admin' },
    })
  })

  test('denied: the model hears of it, and the turn goes on', async () => {
    const test = place([calls(PAY), says('I may not.')])
    expect(await answered(decide(test, await waits(test), 'deny'))).toBe('I may not.')
    expect(results(test)).toEqual([
      'Denied: a person refused this call of pay. Tell the user so, and do not make it again.',
    ])
    expect(test.emitted).toEqual([])
  })

  test('the same message again goes on after the decision, or waits on', async () => {
    const test = place([calls(PAY), says('Done.')])
    const fault = await waits(test, 'pay ann', { turn: 'T1' })
    expect((await waits(test, 'pay ann', { turn: 'T1' })).data).toEqual(fault.data)
    await test.world.confirmations.decide(String(fault.data.trace_id), {
      action: 'approve',
      by: 'admin',
      at: test.clock.now(),
    })
    expect(await say(test, 'pay ann', { turn: 'T1' })).toBe('Done.')
    expect(test.emitted).toEqual(['PAID 5 to ann'])
  })

  test('another message is answered meanwhile, and the waiting turn comes after it', async () => {
    const test = place([calls(PAY), says('Hello.'), says('Paid.')])
    const fault = await waits(test)
    expect(await say(test, 'Hi')).toBe('Hello.')
    await decide(test, fault, 'approve')
    const { messages } = await test.world.sessions.open({ agent: 'Bot', key: 'default' })
    expect(messages.map(({ content }) => content)).toEqual(['Hi', 'Hello.', 'pay ann', 'Paid.'])
  })

  test('each call is approved by itself: the same one again, and one with other arguments', async () => {
    const test = place([calls(PAY, PAY), calls(['pay', { to: 'ann', amount: 6 }]), says('Done.')])
    const first = await waits(test)
    const pending = async (fault: Fault): Promise<Fault> => {
      const { continuation } = await decide(test, fault, 'approve')
      if (continuation.kind !== 'failed') throw new Error('nothing waits')
      return continuation.fault
    }
    const second = await pending(first)
    expect(second.data.trace_id).not.toBe(first.data.trace_id)
    const third = await pending(second)
    expect(third.data.args).toEqual({ to: 'ann', amount: 6 })
    expect(await answered(decide(test, third, 'approve'))).toBe('Done.')
    expect(test.emitted).toEqual(['PAID 5 to ann', 'PAID 5 to ann', 'PAID 6 to ann'])
  })

  test('within another agent is an error that the program can catch, and the inner turn waits', async () => {
    const test = place([calls(['delegate', {}]), calls(PAY), says('Later.')])
    expect(await say(test, 'delegate')).toBe('Later.')
    expect(results(test)).toEqual(['caught confirmation_pending'])
    expect(await pendingConfirmations(test.world)).toMatchObject([
      { request: { tool: 'pay', place: { agent: 'Inner', key: 'default' } } },
    ])
  })
})

describe('a session that falls idle while a call waits', () => {
  const hurried = PROGRAM.replace(
    'channels: [web]\n',
    'channels: [web]\n  session: { idle_reset_minutes: 3 }\n',
  )

  test('keeps the conversation in which the call was asked for, and resets before the next message', async () => {
    const model = new ScriptedModel().answer(says('Hello.'), calls(PAY), says('Paid.'), says('Who are you?'))
    const test = testWorld(hurried, { model })
    await say(test, 'I am ann')
    test.clock.pass(2 * 60_000)
    const fault = await waits(test)
    test.clock.pass(2 * 60_000)
    expect(await answered(decide(test, fault, 'approve'))).toBe('Paid.')
    expect(model.lastContents).toContain('I am ann')
    const { messages } = await test.world.sessions.open({ agent: 'Bot', key: 'default' })
    expect(messages.map(({ content }) => content)).toEqual(['I am ann', 'Hello.', 'pay ann', 'Paid.'])

    test.clock.pass(3 * 60_000)
    await say(test, 'Do you know me?')
    expect(model.lastContents).toEqual(['Do you know me?'])
  })
})

describe('a session that is reset while a call waits', () => {
  test.each(['with', 'without'])(
    'denies the call and refuses its turn, %s earlier messages',
    async (earlier) => {
      const test = place([...(earlier === 'with' ? [says('Hello.')] : []), calls(PAY)])
      if (earlier === 'with') await say(test, 'Hi')
      const fault = await waits(test, 'pay ann', { turn: 'T1' })
      await resetSession(test.world, { agent: 'Bot', key: 'default' })
      expect(await pendingConfirmations(test.world)).toEqual([])
      const late = await faultOf(decide(test, fault, 'approve'))
      expect(late.data).toMatchObject({ action: 'deny', by: 'manual reset' })
      expect(faultText(await faultOf(say(test, 'pay ann', { turn: 'T1' })))).toBe(
        'session default was reset while the tool pay waited for a person',
      )
      const { messages } = await test.world.sessions.open({ agent: 'Bot', key: 'default' })
      expect([messages, test.emitted]).toEqual([[], []])
    },
  )

  test('leaves the calls of other sessions waiting', async () => {
    const test = place([says('Hello.'), calls(PAY)])
    await say(test, 'Hi')
    await waits(test, 'pay ann', { key: 'other' })
    await resetSession(test.world, { agent: 'Bot', key: 'default' })
    expect(await pendingConfirmations(test.world)).toHaveLength(1)
  })
})

describe('a turn that takes longer than whoever decides can wait', () => {
  const late = async (take: () => Promise<void>) => {
    const test = place([calls(PAY)])
    const fault = await waits(test)
    const taken: TurnPlace[] = []
    const turnWorker = {
      take: async (turn: TurnPlace) => {
        taken.push(turn)
        await take()
      },
    }
    const handOver = { at: test.clock.now(), leastMs: 1 }
    const { continuation, late } = await decideConfirmation(
      { ...test.world, turnWorker },
      { ...decision(test, fault, 'approve', 'ann'), handOver },
    )
    return { test, taken, outcome: { continuation, late } }
  }
  const BACKGROUND = { continuation: { kind: 'resumed' }, late: null }

  test('goes on in the background', async () => {
    const { taken, outcome } = await late(async () => {})
    expect(outcome).toEqual(BACKGROUND)
    expect(taken).toEqual([expect.objectContaining({ agent: 'Bot', key: 'default' })])
  })

  test('is decided all the same when nobody takes it over', async () => {
    const { test, outcome } = await late(async () => {
      throw new Fault('service_unavailable', { service: 'Lambda', problem: 'down' })
    })
    expect(outcome).toEqual(BACKGROUND)
    expect(test.warnings).toEqual([expect.stringContaining('was not handed over')])
  })
})

describe('a call as people read it', () => {
  test.each([
    [{ to: 'ann', amount: 5 }, 'pay {"to":"ann","amount":5}'],
    [{ to: 'a\u001b[2Kb\n' }, 'pay {"to":"a\\u001b[2Kb\\n"}'],
    [{ to: 'a\u202e\u009b\u200bb' }, 'pay {"to":"a\\u202e\\u009b\\u200bb"}'],
    [{ to: 'Zoë 日本 😀' }, 'pay {"to":"Zoë 日本 😀"}'],
  ])('hides nothing: %j', (args, shown) => {
    expect(shownCall('pay', args)).toBe(shown)
  })
})

describe('a decision', () => {
  test('stands: whoever comes later is told who was first', async () => {
    const test = place([calls(PAY), says('Paid.')])
    const fault = await waits(test)
    await decide(test, fault, 'approve', 'key ann')
    const late = await faultOf(decide(test, fault, 'deny', 'key bob'))
    expect(late.code).toBe('confirmation_decided')
    expect(late.data).toMatchObject({ action: 'approve', by: 'key ann', at: '2026-11-21T10:00:00.000Z' })
    expect(test.emitted).toEqual(['PAID 5 to ann'])
  })

  test('of two at once one wins, and the tool runs once at most', async () => {
    const test = place([calls(PAY), says('End.')])
    const fault = await waits(test)
    const ends = await Promise.allSettled([
      decide(test, fault, 'approve', 'ann'),
      decide(test, fault, 'deny', 'bob'),
    ])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(ends.find((end) => end.status === 'rejected')?.reason).toMatchObject({
      code: 'confirmation_decided',
    })
    expect(test.emitted).toHaveLength(ends[0].status === 'fulfilled' ? 1 : 0)
  })

  test('that nobody makes in time is a denial', async () => {
    const test = place([calls(PAY), says('Nobody was there.')])
    const fault = await waits(test, 'pay ann', { turn: 'T1' })
    test.clock.pass(5 * 60_000)
    expect(await pendingConfirmations(test.world)).toEqual([])
    const late = await faultOf(decide(test, fault, 'approve'))
    expect([late.code, faultText(late)]).toEqual([
      'confirmation_expired',
      `confirmation ${fault.data.trace_id} expired at 2026-11-21T10:05:00.000Z, and so it is denied`,
    ])
    expect(await say(test, 'pay ann', { turn: 'T1' })).toBe('Nobody was there.')
    expect(results(test)).toEqual([
      'Not done: nobody approved this call of pay in time. Tell the user so, and do not make it again.',
    ])
    expect(test.emitted).toEqual([])
  })

  test('whose turn nobody continued for an hour approves nothing any more', async () => {
    const test = place([calls(PAY), says('Too late.')])
    const fault = await waits(test, 'pay ann', { turn: 'T1' })
    const at = test.clock.now()
    await test.world.confirmations.decide(String(fault.data.trace_id), { action: 'approve', by: 'ann', at })
    test.clock.pass(2 * 3600_000)
    expect(await say(test, 'pay ann', { turn: 'T1' })).toBe('Too late.')
    expect(test.emitted).toEqual([])
  })

  test('is not made for an agent that is switched off, unless it denies', async () => {
    const test = place([calls(PAY)])
    const fault = await waits(test)
    const state = { disabled: true, reason: null, by: null, at: null }
    await test.world.killSwitch.set('Bot', state)
    expect((await faultOf(decide(test, fault, 'approve'))).code).toBe('agent_disabled')
    expect(await pendingConfirmations(test.world)).toHaveLength(1)
    const { continuation } = await decide(test, fault, 'deny')
    expect(continuation).toMatchObject({ kind: 'failed', fault: { code: 'agent_disabled' } })
    await test.world.killSwitch.set('Bot', { ...state, disabled: false })
    expect(await pendingConfirmations(test.world)).toEqual([])
  })

  test.each([
    ['seconds', '60', '2026-11-21T10:01:00.000Z'],
    ['nonsense, which counts as the default', 'soon', '2026-11-21T10:05:00.000Z'],
  ])('waits as long as NEAM_CONFIRMATION_SECONDS says: %s', async (_name, value, expiresAt) => {
    const model = new ScriptedModel().answer(calls(PAY))
    const test = testWorld(PROGRAM, { model, env: { NEAM_CONFIRMATION_SECONDS: value } })
    expect((await waits(test)).data.expires_at).toBe(expiresAt)
  })
})

describe('after a crash', () => {
  /** A second process on the tree of one that died. */
  const restarted = (test: TestWorld, ...answers: Answer[]): TestWorld => place(answers, test.root)

  test('of the server, a request still waits, and its approval runs the tool', async () => {
    const died = place([calls(PAY)])
    const waiting = await waits(died)
    const test = restarted(died, says('Paid.'))
    expect(await pendingConfirmations(test.world)).toHaveLength(1)
    expect(await answered(decide(test, waiting, 'approve'))).toBe('Paid.')
    expect(test.emitted).toEqual(['PAID 5 to ann'])
  })

  test('between decision and tool, the next who decides makes sure that it runs', async () => {
    const died = place([calls(PAY)])
    const fault = await waits(died)
    const at = died.clock.now()
    await died.world.confirmations.decide(String(fault.data.trace_id), { action: 'approve', by: 'ann', at })
    const test = restarted(died, says('Paid.'))
    expect((await faultOf(decide(test, fault, 'approve', 'bob'))).code).toBe('confirmation_decided')
    expect(test.emitted).toEqual(['PAID 5 to ann'])
  })

  test.each([
    ['is not run again: its outcome is unknown', PAY, [], /^Tool error: the outcome of this call is unknown/],
    ['is run again when it is idempotent', ['probe', {}] as const, ['PROBED'], /^probed$/],
  ])('in the middle of it, a tool %s', async (_name, call, emitted, result) => {
    const died = place([calls(call)])
    const fault = await waits(died)
    const id = String(fault.data.trace_id)
    await died.world.confirmations.decide(id, {
      action: 'approve',
      by: 'ann',
      at: died.clock.now(),
    })
    await died.world.confirmations.spend(id)
    const test = restarted(died, says('Well.'))
    expect((await faultOf(decide(test, fault, 'approve'))).code).toBe('confirmation_decided')
    expect(test.emitted).toEqual(emitted)
    expect(results(test)).toEqual([expect.stringMatching(result)])
  })

  test('right after it, a tool is not run again: its kept result is used', async () => {
    const died = place([calls(PAY)])
    const fault = await waits(died)
    const id = String(fault.data.trace_id)
    const { confirmations } = died.world
    await confirmations.decide(id, { action: 'approve', by: 'ann', at: died.clock.now() })
    await confirmations.spend(id)
    await confirmations.keepResult(id, { content: 'paid 5 before', isError: false })
    const test = restarted(died, says('Well.'))
    await faultOf(decide(test, fault, 'approve'))
    expect(results(test)).toEqual(['paid 5 before'])
    expect(test.emitted).toEqual([])
  })
})
