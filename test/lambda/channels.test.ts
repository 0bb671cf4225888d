import { beforeAll, describe, expect, test } from '@jest/globals'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const module = moduleOf(`
channel terminal { type: "cli" }
channel api { type: "http" path: "/v1/chat" cors: true }
channel team { type: "http" path: "/team" policy: "group" }
channel shared { type: "http" path: "/shared" }
channel nobody { type: "http" path: "/nobody" }
channel one { type: "http" path: "/twice" }
channel two { type: "http" path: "/twice" port: 9001 }
claw agent Support { provider: "openai" model: "gpt-4o" channels: [terminal, api, team, shared, one] }
claw agent Sales { provider: "openai" model: "gpt-4o" channels: [shared, two] }
`)
const KEY = 'a-key-of-24-characters-ab'
const AUTHORIZED = { authorization: `Bearer ${KEY}` }

describe('an http channel', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await testApi({ module })
  })
  const send = (path: string, body: object) => api.call('POST', path, { body })
  const historyOf = async (agent: string, key: string): Promise<readonly string[]> => {
    const { body } = await api.call('GET', `/api/v1/claw/${agent}/sessions/${key}/history`)
    return (body.messages as { content: string }[]).map(({ content }) => content)
  }

  test('takes an InboundMessage at its path and answers with an OutboundMessage', async () => {
    const { status, body } = await send('/v1/chat', {
      channel: 'api',
      user_id: 'user_alice',
      session_key: 'Support/http_user_alice',
      content: 'Where is my order #12345?',
      timestamp: '2026-02-18T14:30:00Z',
      metadata: { source_ip: '192.168.1.100' },
    })
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        channel: 'api',
        session_key: 'Support/http_user_alice',
        content: expect.stringContaining('Where is my order #12345?'),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        metadata: {
          tokens_used: expect.any(Number),
          latency_ms: expect.any(Number),
          turn_id: expect.any(String),
        },
      },
    })
  })

  test('needs no more than user and text, and gives each user a session', async () => {
    await send('/v1/chat', { user_id: 'bob', message: 'I am Bob' })
    await send('/v1/chat', { user_id: 'carol', content: 'I am Carol' })
    expect(await historyOf('Support', 'http_bob')).toEqual(['I am Bob', expect.any(String)])
    expect(await historyOf('Support', 'http_carol')).toEqual(['I am Carol', expect.any(String)])
  })

  test('with policy "group" has one session for all, and needs no user', async () => {
    const { body } = await send('/team', { user_id: 'bob', content: 'first' })
    expect(body.session_key).toBe('Support/group_team')
    await send('/team', { content: 'second' })
    expect(await historyOf('Support', 'group_team')).toEqual([
      'first',
      expect.any(String),
      'second',
      expect.any(String),
    ])
  })

  test('of several agents asks which one is meant, in the body or in the metadata', async () => {
    const user = { user_id: 'dan', content: 'Hi' }
    expect((await send('/shared', user)).body).toMatchObject({
      code: 'bad_request',
      field: 'agent',
      message: 'several agents listen to channel shared: name one of them as agent (Support, Sales)',
    })
    expect((await send('/shared', { ...user, agent: 'Sales' })).body.session_key).toBe('Sales/http_dan')
    expect((await send('/shared', { ...user, metadata: { agent: 'Support' } })).body.session_key).toBe(
      'Support/http_dan',
    )
  })

  test('that shares its path with another asks which one is meant', async () => {
    const user = { user_id: 'eve', content: 'Hi' }
    expect((await send('/twice', user)).body).toMatchObject({ code: 'bad_request', field: 'channel' })
    expect((await send('/twice', { ...user, channel: 'two' })).body.session_key).toBe('Sales/http_eve')
  })

  test.each([
    ['no user', '/v1/chat', { content: 'Hi' }, 'user_id', "Missing 'user_id' field"],
    ['no text', '/v1/chat', { user_id: 'a' }, 'content', "Missing 'content' field"],
    ['a blank text', '/v1/chat', { user_id: 'a', content: ' ' }, 'content', 'content: must not be empty'],
    [
      'two texts',
      '/v1/chat',
      { user_id: 'a', content: 'x', message: 'y' },
      'message',
      "'content' and 'message' are two names of one field: send one of them",
    ],
    [
      "another user's session",
      '/v1/chat',
      { user_id: 'a', content: 'x', session_key: 'Support/http_b' },
      'session_key',
      'session_key: "Support/http_b" is not the session of this message; leave it out or send "Support/http_a"',
    ],
    [
      'an agent that does not listen',
      '/v1/chat',
      { user_id: 'a', content: 'x', agent: 'Sales' },
      'agent',
      'agent: "Sales" is none of those here (Support)',
    ],
    [
      'an unknown field',
      '/v1/chat',
      { user_id: 'a', content: 'x', from: 'y' },
      'from',
      'unknown field "from"; accepted: content, message, user_id, agent, channel, session_key, timestamp, metadata',
    ],
    [
      'no listener',
      '/nobody',
      { user_id: 'a', content: 'x' },
      undefined,
      'no claw agent listens to channel nobody: add it to the channels of one',
    ],
  ])('refuses %s', async (_what, path, body, field, message) => {
    const answer = await send(path, body)
    expect([answer.status, answer.body.message, answer.body.field]).toEqual([400, message, field])
  })

  test('hands long turns over, and knows a message by its Idempotency-Key', async () => {
    const body = { user_id: 'fay', content: 'Hi' }
    const accepted = await api.call('POST', '/v1/chat', { body, headers: { prefer: 'respond-async' } })
    expect([accepted.status, accepted.body.status]).toEqual([202, 'running'])
    await api.system.turns.idle()
    expect((await api.call('GET', accepted.body.status_url)).body.status).toBe('completed')

    const headers = { 'idempotency-key': 'once' }
    const first = await api.call('POST', '/v1/chat', { body, headers })
    const again = await api.call('POST', '/v1/chat', { body, headers })
    expect(again.body.content).toBe(first.body.content)
    expect(await historyOf('Support', 'http_fay')).toHaveLength(4)
  })

  test('takes POST alone, and is no path of a cli channel', async () => {
    const got = await api.call('GET', '/team')
    expect([got.status, got.headers.allow]).toEqual([405, 'POST'])
    expect((await api.call('POST', '/chat', { body: {} })).status).toBe(404)
  })
})

describe('at a server that listens on the ports of channels', () => {
  const ports = moduleOf(`
channel plain { type: "http" path: "/twice" }
channel own { type: "http" path: "/own" port: 3000 }
channel far { type: "http" path: "/twice" port: 9001 cors: true }
channel probe { type: "http" path: "/health" port: 9001 }
claw agent Support { provider: "openai" model: "gpt-4o" channels: [plain, own, far, probe] }
`)
  let api: TestApi
  beforeAll(async () => {
    api = await testApi({ module: ports, environment: { NEAM_API_KEY: KEY } })
  })
  const call = (port: number, method: string, path: string, headers = AUTHORIZED) =>
    api.call(method, path, {
      headers,
      entrance: { port, ownPort: 3000 },
      ...(method === 'POST' ? { body: { user_id: 'hal', content: 'Hi' } } : {}),
    })

  test.each([
    ['without a port, at its own', 3000, '/twice', 'plain'],
    ['with its own port, there, too', 3000, '/own', 'own'],
    ['with another port, there', 9001, '/twice', 'far'],
    ['with a path of the API and another port, there', 9001, '/health', 'probe'],
  ])('a channel %s', async (_what, port, path, channel) => {
    expect(await call(port, 'POST', path)).toMatchObject({ status: 200, body: { channel } })
  })

  test.each([
    ['a channel of its own port', 9001, 'POST', '/own', '; channel own is at port 3000'],
    ['the API', 9001, 'GET', '/api/v1/claw', '; the API is at port 3000'],
    ['a method that the API does not take', 9001, 'DELETE', '/ready', '; the API is at port 3000'],
    ['a path that is nowhere', 9001, 'GET', '/nowhere', ''],
    ["a port that is no channel's any more", 9002, 'POST', '/own', '; channel own is at port 3000'],
  ])('says where %s is', async (_what, port, method, path, where) => {
    const { status, body } = await call(port, method, path)
    expect([status, body.message]).toEqual([404, `Route not found: ${method} ${path}${where}`])
  })

  test('tells nobody without a key', async () => {
    const asked = [
      await call(9001, 'GET', '/ready', { authorization: '' }),
      await call(9001, 'POST', '/twice', { authorization: '' }),
      await call(3000, 'OPTIONS', '/twice', { authorization: '' }),
      await call(9001, 'OPTIONS', '/twice', { authorization: '' }),
    ]
    expect(asked.map(({ status, headers }) => [status, headers['access-control-allow-origin']])).toEqual([
      [401, undefined],
      [401, '*'],
      [401, undefined],
      [204, '*'],
    ])
  })
})

describe('a page in a browser', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await testApi({ module, environment: { NEAM_API_KEY: KEY } })
  })
  const body = { user_id: 'gil', content: 'Hi' }

  test('may call a channel with cors: true, which answers the question for that without a key', async () => {
    const preflight = await api.call('OPTIONS', '/v1/chat', {
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.body]).toEqual([204, undefined])
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, prefer, traceparent',
    })
    const { status, headers } = await api.call('POST', '/v1/chat', { body, headers: AUTHORIZED })
    expect([status, headers['access-control-allow-origin']]).toEqual([200, '*'])
  })

  test('may read that its key is missing', async () => {
    const { status, headers } = await api.call('POST', '/v1/chat', { body })
    expect([status, headers['access-control-allow-origin']]).toEqual([401, '*'])
  })

  test('may call nothing else', async () => {
    const team = await api.call('OPTIONS', '/team')
    const other = await api.call('POST', '/team', { body, headers: AUTHORIZED })
    const list = await api.call('GET', '/api/v1/claw', { headers: AUTHORIZED })
    expect([team.status, other.status, list.status]).toEqual([401, 200, 200])
    for (const { headers } of [team, other, list])
      expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})
