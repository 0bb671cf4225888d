// `--pool-size` (chapter 28.5): how many requests and background turns of a process work at once.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
skill research {
  description: "Asks two researchers"
  params: { topic: string }
  impl(topic) {
    let found = dag_execute([
      { "id": "a", "agent": "helper", "task": topic },
      { "id": "b", "agent": "helper", "task": topic }
    ]);
    return found["a"] + " and " + found["b"];
  }
}
skill refund {
  description: "Refunds an order"
  params: { order: string }
  sensitive: true
  impl(order) { return f"refunded {order}"; }
}
agent helper { provider: "openai" model: "gpt-4o" }
claw agent Desk { provider: "openai" model: "gpt-4o" channels: [web] skills: [research, refund] }
`
const ADMIN = { authorization: 'Bearer admin-key-of-the-tests' }

/** One VM instance, unless the environment says otherwise. */
async function boot(
  model: ScriptedModel,
  options: { environment?: Readonly<Record<string, string>>; edge?: { shutdown: AbortSignal } } = {},
): Promise<TestApi> {
  const api = await testApi({
    module: moduleOf(PROGRAM),
    environment: { NEAM_POOL_SIZE: '1', ...options.environment },
    ...(options.edge ? { edge: options.edge } : {}),
  })
  Object.assign(api.system.world, { models: model })
  return api
}

const say = (api: TestApi, key: string, headers: Readonly<Record<string, string>> = {}) =>
  api.call('POST', `/api/v1/claw/Desk/sessions/${key}/message`, { body: { message: `I am ${key}` }, headers })
const pool = async (api: TestApi) => (await api.call('GET', '/api/v1/metrics')).body.pools.vm

/** A model whose first answer comes when it is told to. */
function gated() {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const model = new ScriptedModel().answer(async () => {
    asked.resolve()
    await gate.promise
    return says('first')
  })
  return { model, asked: asked.promise, open: gate.resolve }
}

/** Timers by which all patience is at an end at once. */
const impatient = (api: TestApi): number[] => {
  const { world } = api.system
  const asked: number[] = []
  const deadline = (ms: number) => {
    asked.push(ms)
    return { signal: AbortSignal.abort(), cancel: () => {} }
  }
  Object.assign(world, { timers: { ...world.timers, deadline } })
  return asked
}

describe('requests beyond the VM instances', () => {
  test('wait, are counted as waiting, and are answered in the order in which they came', async () => {
    const { model, asked, open } = gated()
    const api = await boot(model.answer(says('second'), says('third')))
    const first = say(api, 'ann')
    await asked
    const later = [
      say(api, 'bob'),
      api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'helper', query: 'Hi' } }),
    ]
    while ((await pool(api)).waiting < 2);
    expect(await pool(api)).toEqual({ size: 1, in_use: 1, waiting: 2 })
    expect(model.requests.length).toBe(1)
    open()
    const answers = await Promise.all([first, ...later])
    expect(answers.map(({ status, body }) => [status, body.response])).toEqual([
      [200, 'first'],
      [200, 'second'],
      [200, 'third'],
    ])
    expect(await pool(api)).toEqual({ size: 1, in_use: 0, waiting: 0 })
    expect((await api.call('GET', '/api/v1/limits')).body.pool_size).toBe(1)
  })

  test('are refused when they have waited until nothing long could begin, and that is audited', async () => {
    const { model, asked, open } = gated()
    const log = join(temporaryDirectory(), 'audit.jsonl')
    const api = await boot(model, { environment: { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: log } })
    const first = say(api, 'ann')
    await asked
    const waits = impatient(api)
    const refused = await say(api, 'bob')
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: {
        error: 'Service Unavailable',
        code: 'instances_busy',
        message: 'all 1 VM instances are busy; try again in 5 s',
        scope: 'vm_instances',
        limit: 1,
      },
    })
    // Of 29 s: 5 to hand over, a third for what is long.
    expect(Math.round(waits[0]! / 100)).toBe(143)
    expect(await pool(api)).toEqual({ size: 1, in_use: 1, waiting: 0 })
    open()
    expect((await first).status).toBe(200)
    const records = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.filter(({ event }) => event === 'limit.exceeded')).toMatchObject([
      { agent: 'Desk', metadata: { scope: 'vm_instances', limit: 1 } },
    ])
  })

  test('are answered as stopped when the server ends before one is free', async () => {
    const { model, asked, open } = gated()
    const shutdown = new AbortController()
    const api = await boot(model, { edge: { shutdown: shutdown.signal } })
    const first = say(api, 'ann')
    await asked
    const waiting = say(api, 'bob')
    while ((await pool(api)).waiting < 1);
    shutdown.abort(new Error('the server is shutting down'))
    expect(await waiting).toMatchObject({ status: 503, body: { code: 'stopped' } })
    open()
    await first
  })

  test('do not hold up what needs none: lists, status, unknown agents', async () => {
    const { model, asked, open } = gated()
    const api = await boot(model)
    const first = say(api, 'ann')
    await asked
    const paths = ['/health', '/api/v1/claw', '/api/v1/claw/Desk/sessions/ann/history', '/metrics']
    const statuses = await Promise.all(paths.map(async (path) => (await api.call('GET', path)).status))
    expect(statuses).toEqual([200, 200, 200, 200])
    const unknown = await api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'nobody', query: 'Hi' } })
    expect(unknown.status).toBe(404)
    open()
    await first
  })
})

test('agents that an agent asks work within its VM instance, and so never wait for it', async () => {
  const model = new ScriptedModel().answer(
    calls(['research', { topic: 'tea' }]),
    says('one'),
    says('two'),
    says('done'),
  )
  const api = await boot(model)
  expect(await say(api, 'ann')).toMatchObject({ status: 200, body: { response: 'done' } })
  expect(model.agents).toEqual(['Desk', 'helper', 'helper', 'Desk'])
})

describe('turns in the background', () => {
  test('are accepted while all are busy, and wait for one', async () => {
    const { model, asked, open } = gated()
    const api = await boot(model.answer(says('later')))
    const first = say(api, 'ann')
    await asked
    const accepted = await say(api, 'bob', { prefer: 'respond-async' })
    expect(accepted.status).toBe(202)
    expect(await pool(api)).toEqual({ size: 1, in_use: 1, waiting: 1 })
    open()
    await first
    await api.system.turns.idle()
    const { body } = await api.call('GET', accepted.body.status_url)
    expect(body).toMatchObject({ status: 'completed', response: 'later' })
    expect(await pool(api)).toEqual({ size: 1, in_use: 0, waiting: 0 })
  })

  test('that were handed over wait for one again', async () => {
    let passed = 0
    const model = new ScriptedModel().answer(() => {
      passed = 25_000
      return new Fault('provider_timeout', { provider: 'openai' })
    }, says('at last'))
    const api = await boot(model)
    const { clock } = api.system.world
    Object.assign(api.system.world, { clock: { now: () => clock.now() + passed } })
    const accepted = await say(api, 'ann')
    expect(accepted.status).toBe(202)
    await api.system.turns.idle()
    expect((await api.call('GET', accepted.body.status_url)).body.response).toBe('at last')
  })

  test('that still wait when the server ends stay open for the next one', async () => {
    const { model, asked, open } = gated()
    const shutdown = new AbortController()
    const api = await boot(model, { edge: { shutdown: shutdown.signal } })
    const first = say(api, 'ann')
    await asked
    const { body } = await say(api, 'bob', { prefer: 'respond-async' })
    shutdown.abort()
    api.system.turns.abort()
    await api.system.turns.idle()
    expect(await pool(api)).toMatchObject({ waiting: 0 })
    expect((await api.call('GET', body.status_url)).body.status).toBe('running')
    open()
    await first
  })
})

test('a person decides while all are busy: the turn goes on when one is free', async () => {
  const model = new ScriptedModel().answer(calls(['refund', { order: 'ORD-1' }]))
  const api = await boot(model, { environment: { NEAM_ADMIN_KEY: 'admin-key-of-the-tests' } })
  const waiting = await say(api, 'ann')
  expect(waiting.status).toBe(202)

  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  model.answer(async () => {
    asked.resolve()
    await gate.promise
    return says('I am busy')
  }, says('Refunded.'))
  const busy = say(api, 'bob')
  await asked.promise
  const body = { trace_id: waiting.body.trace_id, action: 'approve' }
  const decided = await api.call('POST', '/api/v1/confirm', { body, headers: ADMIN })
  expect(decided).toMatchObject({ status: 200, body: { status: 'approved', turn: { status: 'running' } } })
  gate.resolve()
  await busy
  await api.system.turns.idle()
  const turn = await api.call('GET', decided.body.turn.status_url)
  expect(turn.body).toMatchObject({ status: 'completed', response: 'Refunded.' })
})
