import { beforeEach, describe, expect, test } from '@jest/globals'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
skill look { description: "Looks" params: { what: string } impl(what) { return f"found {what}"; } }
skill pay { description: "Pays" sensitive: true impl() { return "paid"; } }
guard manners {
  description: "m"
  on_output(text) {
    if (text.contains("secret")) { return "block"; }
    return f"{text} Goodbye.";
  }
}
guardchain polite = [manners];
claw agent Open { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [look, pay] }
claw agent Guarded { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [look] guards: [polite] }
`

let api: TestApi
let directory: string
beforeEach(async () => {
  directory = temporaryDirectory()
  api = await testApi({ module: moduleOf(PROGRAM), directory })
})

const ask = async (agent: string, ...answers: Answer[]) => {
  Object.assign(api.system.world, { models: new ScriptedModel().answer(...answers) })
  const path = `/api/v1/claw/${agent}/sessions/ann/message`
  return await api.call('POST', path, { body: { message: 'Hello' }, headers: { prefer: 'respond-async' } })
}

const eventsOf = async (url: string) => (await api.call('GET', url)).body

const LOOK: Answer = { ...calls(['look', { what: 'it' }]), text: 'Let me see.' } as Answer

describe('GET .../turns/:id/events', () => {
  test('tells all that happened in a turn, in order', async () => {
    const { body } = await ask('Open', LOOK, says('It is there.'))
    expect(body.events_url).toBe(`${body.status_url}/events`)
    await api.system.turns.idle()
    expect(await eventsOf(body.events_url)).toEqual({
      agent: 'Open',
      session_key: 'ann',
      turn_id: body.turn_id,
      status: 'completed',
      response: 'It is there.',
      usage: { tokens: 240, cost_usd: expect.any(Number) },
      finished_at: expect.any(String),
      events: [
        {
          id: 1,
          event: 'turn.started',
          data: {
            agent: 'Open',
            session_key: 'ann',
            turn_id: body.turn_id,
            status_url: body.status_url,
            events_url: body.events_url,
            accepted_at: expect.any(String),
          },
        },
        { id: 2, event: 'message.done', data: { text: 'Let me see.' } },
        { id: 3, event: 'tool.call', data: { id: 'call-1', name: 'look' } },
        { id: 5, event: 'tool.result', data: { id: 'call-1', name: 'look', ok: true } },
        { id: 6, event: 'message.done', data: { text: 'It is there.' } },
        {
          id: 8,
          event: 'turn.done',
          data: {
            status: 'completed',
            response: 'It is there.',
            usage: { tokens: 240, cost_usd: expect.any(Number) },
            finished_at: expect.any(String),
          },
        },
      ],
    })
  })

  test('with ?after= tells what came after that event, whichever one it is', async () => {
    const { body } = await ask('Open', LOOK, says('It is there.'))
    await api.system.turns.idle()
    const all = (await eventsOf(body.events_url)).events as { id: number }[]
    for (const [at, { id }] of all.entries()) {
      expect((await eventsOf(`${body.events_url}?after=${id}`)).events).toEqual(all.slice(at + 1))
    }
  })

  test('an agent with guards on its answers shows what the guards left, and nothing before', async () => {
    const { body } = await ask('Guarded', LOOK, says('It is there.'))
    await api.system.turns.idle()
    const { events } = await eventsOf(body.events_url)
    expect(events.map(({ id, event }: { id: number; event: string }) => [id, event])).toEqual([
      [1, 'turn.started'],
      [3, 'tool.call'],
      [5, 'tool.result'],
      [7, 'message.done'],
      [8, 'turn.done'],
    ])
    expect(events[3].data).toEqual({ text: 'It is there. Goodbye.' })
  })

  test('an answer that a guard blocks is shown nowhere', async () => {
    const { body } = await ask('Guarded', says('the secret'))
    await api.system.turns.idle()
    const told = await eventsOf(body.events_url)
    expect(JSON.stringify(told)).not.toContain('the secret')
    expect(told.events.at(-1)).toMatchObject({
      event: 'turn.error',
      data: { status: 'refused', code: 'guard_blocked', message: 'answer blocked by guard manners' },
    })
  })

  test('what was guarded when the message came in stays so when the program changes', async () => {
    const { body } = await ask('Guarded', says('the secret'))
    await api.system.turns.idle()
    const module = moduleOf(PROGRAM.replace('guards: [polite]', ''))
    const unguarded = await testApi({ module, directory })
    const told = await unguarded.call('GET', body.events_url)
    expect(told.body.status).toBe('refused')
    expect(JSON.stringify(told.body)).not.toContain('the secret')
  })

  test('a call that waits for a person, and goes on when it is approved, keeps all its ids', async () => {
    const { body } = await ask('Open', calls(['pay', {}]), says('Paid.'))
    await api.system.turns.idle()
    const waiting = await eventsOf(body.events_url)
    expect(waiting).toMatchObject({
      status: 'pending_confirmation',
      events: [
        { id: 1, event: 'turn.started' },
        { id: 3, event: 'tool.call', data: { name: 'pay' } },
        { id: 4, event: 'confirmation.pending', data: { tool: 'pay', trace_id: waiting.trace_id, args: {} } },
      ],
    })
    const decision = { trace_id: waiting.trace_id, action: 'approve' }
    await api.call('POST', '/api/v1/confirm', { body: decision, sourceIp: '127.0.0.1' })
    const done = await eventsOf(body.events_url)
    expect(done.events.slice(0, 3)).toEqual(waiting.events)
    expect(done.events.slice(3)).toMatchObject([
      { id: 5, event: 'tool.result', data: { ok: true } },
      { id: 6, event: 'message.done', data: { text: 'Paid.' } },
      { id: 8, event: 'turn.done' },
    ])
  })

  test('a tool that failed is a result that is not ok', async () => {
    const { body } = await ask('Open', calls(['fly', {}]), says('I cannot.'))
    await api.system.turns.idle()
    const { events } = await eventsOf(body.events_url)
    expect(events[2]).toMatchObject({ event: 'tool.result', data: { name: 'fly', ok: false } })
  })

  test('a turn that was left lying is taken up by whoever asks', async () => {
    const { world } = api.system
    const { clock, turnWorker } = world
    Object.assign(world, { turnWorker: { take: async () => {} } })
    const { body } = await ask('Open', says('At last.'))
    expect(await eventsOf(body.events_url)).toMatchObject({ status: 'running', events: [{ id: 1 }] })
    Object.assign(world, { turnWorker, clock: { now: () => clock.now() + 60_000 } })
    await eventsOf(body.events_url)
    await api.system.turns.idle()
    expect(await eventsOf(`${body.events_url}?after=1`)).toMatchObject({
      status: 'completed',
      events: [{ event: 'message.done' }, { event: 'turn.done' }],
    })
  })

  test.each([
    ['/api/v1/claw/Open/sessions/ann/turns/nothing/events', 404, 'turn_not_found'],
    ['/api/v1/claw/Open/sessions/ann/turns/nothing/events?after=x', 400, 'bad_request'],
    ['/api/v1/claw/Nobody/sessions/ann/turns/nothing/events', 404, 'agent_not_found'],
  ])('%s: %d', async (url, status, code) => {
    const answer = await api.call('GET', url)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })
})
