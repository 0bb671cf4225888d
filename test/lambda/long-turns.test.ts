import { describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { ScriptedModel, says } from '../support/scripted-model.ts'
import { testApi } from '../support/system.ts'

const MESSAGES = '/api/v1/claw/support_bot/sessions/user_1/message'
const ASYNC = { prefer: 'respond-async' }
const body = { message: 'What is the status of order ORD-12345?' }

describe('Prefer: respond-async', () => {
  test('is answered 202 at once; the turn goes on, and its answer is at status_url', async () => {
    const api = await testApi()
    const accepted = await api.call('POST', MESSAGES, { body, headers: ASYNC })
    const { turn_id, status_url } = accepted.body
    expect(accepted).toMatchObject({
      status: 202,
      headers: { location: status_url, 'retry-after': '2', 'preference-applied': 'respond-async' },
      body: { agent: 'support_bot', session_key: 'user_1', status: 'running' },
    })
    expect(status_url).toBe(`/api/v1/claw/support_bot/sessions/user_1/turns/${turn_id}`)
    await api.system.turns.idle()
    expect(await api.call('GET', status_url)).toMatchObject({
      status: 200,
      body: { turn_id, status: 'completed', response: expect.stringContaining('Shipped') },
    })
  })

  test.each([
    ['among other preferences', 'handling=lenient, Respond-Async; wait=5', 202],
    ['not without it', 'return=minimal', 200],
  ])('%s', async (_claim, prefer, status) => {
    const api = await testApi()
    expect((await api.call('POST', MESSAGES, { body, headers: { prefer } })).status).toBe(status)
    await api.system.turns.idle()
  })

  test('messages of a session are answered in their order, however long others keep it busy', async () => {
    const api = await testApi()
    const { sessions } = api.system.world
    const acquire = sessions.acquire.bind(sessions)
    let busy = 3
    Object.assign(sessions, {
      acquire: async (...args: Parameters<typeof acquire>) => (busy-- > 0 ? null : await acquire(...args)),
    })
    const texts = ['one', 'two', 'three', 'four', 'five']
    for (const message of texts) await api.call('POST', MESSAGES, { body: { message }, headers: ASYNC })
    await api.system.turns.idle()
    const { messages } = await sessions.open({ agent: 'support_bot', key: 'user_1' })
    expect(messages.flatMap(({ role, content }) => (role === 'user' ? [content] : []))).toEqual(texts)
  })

  test('does not accept what is refused', async () => {
    const api = await testApi()
    await api.call('POST', '/api/v1/admin/disable', {
      body: { agent: 'support_bot' },
      sourceIp: '127.0.0.1',
    })
    const refused = await api.call('POST', MESSAGES, { body, headers: ASYNC })
    expect([refused.status, refused.body.code]).toEqual([503, 'agent_disabled'])
  })
})

describe('a turn that takes longer than the request may', () => {
  test('is answered 202 and answered in the background', async () => {
    const api = await testApi()
    const { world } = api.system
    const { clock } = world
    let passed = 0
    const model = new ScriptedModel().answer(() => {
      passed = 25_000 // of the 29 s that Lambda gives
      return new Fault('provider_timeout', { provider: 'openai' })
    }, says('at last'))
    Object.assign(world, { clock: { now: () => clock.now() + passed }, models: model })
    const accepted = await api.call('POST', MESSAGES, { body })
    expect([accepted.status, accepted.body.status]).toEqual([202, 'running'])
    await api.system.turns.idle()
    expect((await api.call('GET', accepted.body.status_url)).body).toMatchObject({
      status: 'completed',
      response: 'at last',
    })
  })

  test('is not lost when no worker can be reached', async () => {
    const api = await testApi()
    const warnings: string[] = []
    const { world } = api.system
    Object.assign(world, {
      output: { ...world.output, warn: (line: string) => warnings.push(line) },
      turnWorker: { take: () => Promise.reject(new Error('no worker')) },
    })
    const accepted = await api.call('POST', MESSAGES, { body, headers: ASYNC })
    expect([accepted.status, warnings.length]).toEqual([202, 1])
    expect((await api.call('GET', accepted.body.status_url)).body).toMatchObject({ status: 'running' })
  })
})

describe('Idempotency-Key', () => {
  test('makes a repeated message one turn, with one answer', async () => {
    const api = await testApi()
    const headers = { 'idempotency-key': 'order-1' }
    const [first, second] = await Promise.all([
      api.call('POST', MESSAGES, { body, headers }),
      api.call('POST', MESSAGES, { body, headers }),
    ])
    const third = await api.call('POST', MESSAGES, { body, headers })
    expect([second.body, third.body]).toEqual([first.body, first.body])
    const { sessions } = api.system.world
    const { messages } = await sessions.open({ agent: 'support_bot', key: 'user_1' })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  })

  test('makes a message whose session stays busy one that is answered later, not one that is refused for ever', async () => {
    const api = await testApi()
    const { sessions } = api.system.world
    const acquire = sessions.acquire.bind(sessions)
    let busy = 1
    Object.assign(sessions, {
      acquire: async (...args: Parameters<typeof acquire>) => (busy-- > 0 ? null : await acquire(...args)),
    })
    const headers = { 'idempotency-key': 'order-1' }
    const first = await api.call('POST', MESSAGES, { body, headers })
    expect([first.status, first.body.status]).toEqual([202, 'running'])
    await api.system.turns.idle()
    const again = await api.call('POST', MESSAGES, { body, headers })
    expect([again.status, again.body.turn_id]).toEqual([200, first.body.turn_id])
    expect((await api.call('GET', first.body.status_url)).body.status).toBe('completed')
  })

  test('is another turn in another session', async () => {
    const api = await testApi()
    const headers = { 'idempotency-key': 'order-1' }
    const first = await api.call('POST', MESSAGES, { body, headers })
    const other = await api.call('POST', MESSAGES.replace('user_1', 'user_2'), { body, headers })
    expect(other.body.turn_id).not.toBe(first.body.turn_id)
  })

  test('with another body is refused: 422', async () => {
    const api = await testApi()
    const headers = { 'idempotency-key': 'order-1' }
    await api.call('POST', MESSAGES, { body, headers })
    const other = await api.call('POST', MESSAGES, { body: { message: 'Something else' }, headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_conflict'])
  })

  test('of a turn still in hand: 202', async () => {
    const api = await testApi()
    const headers = { 'idempotency-key': 'slow' }
    Object.assign(api.system.world, { turnWorker: { take: async () => {} } })
    const first = await api.call('POST', MESSAGES, { body, headers: { ...headers, ...ASYNC } })
    const again = await api.call('POST', MESSAGES, { body, headers: { ...headers, ...ASYNC } })
    expect([first.status, again.status, again.body]).toEqual([202, 202, first.body])
  })

  test('of a turn that was forgotten since: 410, and nothing is done again', async () => {
    const api = await testApi()
    const headers = { 'idempotency-key': 'order-1' }
    const first = await api.call('POST', MESSAGES, { body, headers })
    await api.call('POST', MESSAGES.replace('message', 'reset'))
    const forgotten = await api.call('DELETE', MESSAGES.replace('message', 'memory'))
    expect(forgotten.body).toMatchObject({ status: 'forgotten', conversations: 1 })
    const again = await api.call('POST', MESSAGES, { body, headers })
    expect([again.status, again.body]).toMatchObject([
      410,
      {
        code: 'turn_forgotten',
        message: `turn ${first.body.turn_id} is over, and its answer was deleted since`,
      },
    ])
    const { body: turn } = await api.call('GET', MESSAGES.replace('message', `turns/${first.body.turn_id}`))
    expect(turn).toEqual({
      agent: 'support_bot',
      session_key: 'user_1',
      turn_id: first.body.turn_id,
      status: 'forgotten',
      finished_at: expect.any(String),
    })
  })

  test.each(['', 'a b', 'x'.repeat(256), 'schlüssel'])('%j is no key: 400', async (key) => {
    const api = await testApi()
    const answer = await api.call('POST', MESSAGES, { body, headers: { 'idempotency-key': key } })
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request'])
  })
})

test('a turn that does not exist, or names a file elsewhere: 404', async () => {
  const api = await testApi()
  await api.call('POST', MESSAGES, { body })
  for (const turn of ['nothing', '..%2F..%2Fcurrent']) {
    const answer = await api.call('GET', `/api/v1/claw/support_bot/sessions/user_1/turns/${turn}`)
    expect([answer.status, answer.body.code]).toEqual([404, 'turn_not_found'])
  }
})
