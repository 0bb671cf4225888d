import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MESSAGE = '/api/v1/claw/support_bot/sessions/user_42/message'
const RESET = '/api/v1/claw/support_bot/sessions/user_42/reset'

describe('probes', () => {
  test('health answers the shape of chapter 28.8 and touches no storage', async () => {
    const api = await testApi()
    const { status, body } = await api.call('GET', '/health')
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'ok', uptime_seconds: 52, version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    })
  })

  test('ready checks agents, tree and models by name', async () => {
    const api = await testApi()
    const { status, body } = await api.call('GET', '/ready')
    expect({ status, checks: body.checks }).toEqual({
      status: 200,
      checks: {
        agents: { ok: true, ms: expect.any(Number), detail: expect.stringMatching(/^[1-9]\d* loaded$/) },
        tree: { ok: true, ms: expect.any(Number), detail: expect.stringMatching(/^writable, .* free$/) },
        models: { ok: true, ms: expect.any(Number), detail: 'offline' },
      },
    })
  })

  test('ready says which check fails, and how to mend it', async () => {
    const environment = { NEAM_OFFLINE: '0', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    const api = await testApi({ environment })
    const { status, headers, body } = await api.call('GET', '/ready')
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('5')
    expect(body.checks.models).toMatchObject({
      ok: false,
      detail: 'no API key for provider openai: set OPENAI_API_KEY, or use --offline',
    })
  })

  test('a system that cannot be made is alive, not ready, and says why', async () => {
    const system = async () => {
      throw new Fault('tree_missing', { path: '/mnt/neam/state' })
    }
    const api = await testApi({ edge: { system } })
    expect((await api.call('GET', '/health')).status).toBe(200)
    const { status, body } = await api.call('GET', '/ready')
    expect([status, body.checks]).toEqual([
      503,
      { system: { ok: false, ms: 0, detail: 'no tree at /mnt/neam/state: is the file system mounted?' } },
    ])
    expect((await api.call('GET', '/api/v1/claw')).body).toMatchObject({ code: 'tree_missing' })
  })

  test('a draining process is not ready', async () => {
    const api = await testApi({ edge: { draining: () => true } })
    expect((await api.call('GET', '/ready')).body.checks).toEqual({
      process: { ok: false, ms: 0, detail: 'draining' },
    })
  })
})

describe('claw agents', () => {
  let api: TestApi
  const directory = temporaryDirectory()
  beforeAll(async () => {
    api = await testApi({ directory })
  })

  test('are listed as chapter 28.2 shows', async () => {
    expect((await api.call('GET', '/api/v1/claw')).body).toEqual({
      claw_agents: [
        {
          name: 'support_bot',
          provider: 'openai',
          model: 'gpt-4o',
          session_count: 0,
          channels: ['web_chan'],
        },
      ],
    })
  })

  test('answer a message with the result of the skill, and echo agent and key', async () => {
    const { status, body } = await api.call('POST', MESSAGE, {
      body: { message: 'Where is order ORD-12345?' },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      agent: 'support_bot',
      session_key: 'user_42',
      response: expect.stringContaining('Order ORD-12345: Shipped, arriving Tuesday'),
      turn_id: expect.any(String),
    })
    expect((await api.call('GET', '/api/v1/claw')).body.claw_agents[0].session_count).toBe(1)
  })

  test('remember over a restart of the process, and forget after a reset', async () => {
    const restarted = await testApi({ directory })
    const again = await restarted.call('POST', MESSAGE, { body: { message: 'What did I ask?' } })
    expect(again.body.response).toContain('ORD-12345')
    expect((await restarted.call('POST', RESET)).body).toEqual({
      agent: 'support_bot',
      session_key: 'user_42',
      status: 'reset',
      message: 'Session archived and reset',
    })
    expect((await restarted.call('POST', RESET)).body.message).toBe('Session was empty: nothing to archive')
    const fresh = await restarted.call('POST', MESSAGE, { body: { message: 'What did I ask?' } })
    // The agent has a memory: what it was given of that is told apart from the conversation.
    expect(fresh.body.response.split(' Of earlier conversations')[0]).not.toContain('ORD-12345')
    const { body: history } = await restarted.call('GET', MESSAGE.replace('/message', '/history'))
    expect(history.messages).toMatchObject([
      { role: 'user', content: 'What did I ask?' },
      { role: 'assistant' },
    ])
    expect(existsSync(join(directory, '.neam/sessions/support_bot/user_42/archive'))).toBe(true)
  })

  test('take a key with any characters and echo it as it was decoded', async () => {
    const path = '/api/v1/claw/support_bot/sessions/%C3%BC%2F..%2F%20x/message'
    const { status, body } = await api.call('POST', path, { body: { message: 'Hello' } })
    expect({ status, key: body.session_key }).toEqual({ status: 200, key: 'ü/../ x' })
  })

  test('unknown ones are a 404 that names those there are', async () => {
    const { status, body } = await api.call('POST', '/api/v1/claw/nobody/sessions/a/message', {
      body: { message: 'Hello' },
    })
    expect({ status, body }).toEqual({
      status: 404,
      body: {
        error: 'Not Found',
        code: 'agent_not_found',
        message: expect.stringMatching(/nobody.*Available: support_bot/),
        request_id: 'gateway-request',
        agent: 'nobody',
        available: ['support_bot'],
      },
    })
  })

  test.each([
    ['no body', undefined, "Missing 'message' field"],
    ['an empty object', {}, "Missing 'message' field"],
    ['a list', [], 'the body must be a JSON object, got a list'],
    ['a list for the metadata', { message: 'Hi', metadata: [] }, 'metadata: must be an object, got Array'],
    ['a text', '"Hi"', 'the body must be a JSON object, got a string'],
    ['a number for the message', { message: 5 }, 'message: must be a string, got 5'],
    ['an empty message', { message: '  ' }, 'message: must not be empty'],
    [
      'an unknown field',
      { message: 'Hi', mesage: 'x' },
      'unknown field "mesage"; accepted: message, metadata, user_id',
    ],
    [
      'a misspelt field',
      { mesage: 'Hi' },
      `Missing 'message' field; unknown field "mesage"; accepted: message, metadata, user_id`,
    ],
    ['broken JSON', '{"message": ', /^the body is not valid JSON/],
    ['deep nesting', '['.repeat(65), 'the body is nested deeper than 64'],
    [
      'a prototype',
      '{"message": "Hi", "__proto__": {}}',
      'unknown field "__proto__"; accepted: message, metadata, user_id',
    ],
  ])('refuse %s and say why', async (_what, body, message) => {
    const answer = await api.call('POST', MESSAGE, { body })
    expect(answer.status).toBe(400)
    expect(answer.body.code).toBe('bad_request')
    if (typeof message === 'string') expect(answer.body.message).toBe(message)
    else expect(answer.body.message).toMatch(message)
  })

  test('refuse text that is not UTF-8, and a body above the limit', async () => {
    const invalid = Buffer.from([0x7b, 0xff, 0x7d]).toString('base64')
    expect((await api.call('POST', MESSAGE, { body: invalid, isBase64Encoded: true })).body.message).toBe(
      'the body is not UTF-8 text',
    )
    const large = await api.call('POST', MESSAGE, { body: { message: 'x'.repeat(1024 * 1024) } })
    expect([large.status, large.body.code]).toEqual([413, 'body_too_large'])
  })

  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'message=Hi'],
    ['parts of a form', 'multipart/form-data', '--x\r\n\r\nHi\r\n--x--'],
  ])('refuse %s and say what it was sent as', async (_what, type, body) => {
    const headers = { 'content-type': `${type}; boundary=x` }
    expect((await api.call('POST', MESSAGE, { body, headers })).body.message).toBe(
      `the body is not valid JSON; it was sent as ${type}, and a JSON object is wanted`,
    )
  })

  test.each([
    ['gzip', 415],
    ['br, gzip', 415],
    ['identity', 200],
    [' ', 200],
  ])('a body with the Content-Encoding "%s" is answered %i', async (coding, expected) => {
    const { status, headers, body } = await api.call('POST', MESSAGE, {
      body: { message: 'Hi' },
      headers: { 'content-encoding': coding },
    })
    expect(status).toBe(expected)
    if (status === 200) return
    expect([body.code, body.message, headers['accept-encoding']]).toEqual([
      'encoding_not_supported',
      `the body is packed (Content-Encoding: ${coding}); send it as it is`,
      'identity',
    ])
  })

  test('accept a base64 body', async () => {
    const body = Buffer.from('{"message": "Hello"}').toString('base64')
    expect((await api.call('POST', MESSAGE, { body, isBase64Encoded: true })).status).toBe(200)
  })
})

describe('forge agents', () => {
  test('are listed, started once at a time, and run to completion through the state machine', async () => {
    const api = await testApi()
    const row = { name: 'code_builder', provider: 'openai', model: 'gpt-4o', max_iterations: 10, max_cost: 5 }
    expect((await api.call('GET', '/api/v1/forge')).body).toEqual({
      forge_agents: [{ ...row, running: false }],
    })
    expect((await api.call('GET', '/api/v1/forge/code_builder/status')).body).toMatchObject({
      agent: 'code_builder',
      running: false,
      iteration: 0,
      total_cost: 0,
      last_outcome: 'not_started',
    })

    const [first, second] = await Promise.all([
      api.call('POST', '/api/v1/forge/code_builder/start', { body: { max_iterations: 5, max_cost: 2.5 } }),
      api.call('POST', '/api/v1/forge/code_builder/start'),
    ])
    const [started, refused] = first.status === 200 ? [first, second] : [second, first]
    expect(started.body).toMatchObject({ status: 'started', agent: 'code_builder' })
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 409,
      body: {
        error: 'Conflict',
        code: 'already_running',
        message: `forge agent code_builder is already running (run ${started.body.run}): GET /api/v1/forge/code_builder/status shows it, POST /api/v1/forge/code_builder/stop ends it`,
        request_id: 'gateway-request',
        status: 'already_running',
        agent: 'code_builder',
        run: started.body.run,
      },
    })

    await api.driver.idle()
    expect((await api.call('GET', '/api/v1/forge/code_builder/status')).body).toMatchObject({
      agent: 'code_builder',
      running: false,
      last_outcome: 'completed',
      run: started.body.run,
      tasks_completed: 1,
      tasks_total: 1,
    })
    expect((await api.call('POST', '/api/v1/forge/code_builder/stop')).body).toMatchObject({
      status: 'not_running',
      agent: 'code_builder',
    })
  })

  test.each([
    [{ max_iterations: 0 }, 'max_iterations'],
    [{ max_iterations: 1.5 }, 'max_iterations'],
    [{ max_cost: -1 }, 'max_cost'],
    [{ max_cost: '5' }, 'max_cost'],
    [{ iterations: 3 }, 'iterations'],
  ])('refuse the override %j', async (body, field) => {
    const api = await testApi()
    const answer = await api.call('POST', '/api/v1/forge/code_builder/start', { body })
    expect([answer.status, answer.body.field]).toEqual([400, field])
    expect(answer.body.message).toContain(field)
  })

  test.each(['start', 'stop'])('%s of an unknown agent is a 404', async (action) => {
    const api = await testApi()
    expect((await api.call('POST', `/api/v1/forge/nobody/${action}`)).status).toBe(404)
  })
})

describe('every answer', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await testApi()
  })

  test('carries the request id: the caller’s when it is plain, else the gateway’s', async () => {
    const own = await api.call('GET', '/api/v1/claw', { headers: { 'x-request-id': 'abc-1' } })
    const odd = await api.call('GET', '/api/v1/claw', { headers: { 'x-request-id': 'a b\n' } })
    expect([own.headers['x-request-id'], odd.headers['x-request-id']]).toEqual(['abc-1', 'gateway-request'])
  })

  test('is not cached, sniffed or framed, also when it is an error', async () => {
    for (const path of ['/api/v1/claw', '/nowhere']) {
      expect((await api.call('GET', path)).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
    }
  })

  test.each([
    ['/health', 200],
    ['/metrics', 200],
    ['/api/v1/forge/nobody/status', 404],
  ])('to HEAD %s is what GET answers, without the body', async (path, status) => {
    const whole = await api.call('GET', path)
    const head = await api.call('HEAD', path)
    expect([head.status, head.body]).toEqual([status, undefined])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    expect(head.headers).toEqual({
      ...whole.headers,
      'content-length': head.headers['content-length'],
      traceparent: head.headers.traceparent,
    })
  })

  test('of an unknown path is a 404, of a wrong method a 405 that names the right one', async () => {
    const nowhere = await api.call('GET', '/api/v1/nowhere')
    expect([nowhere.status, nowhere.body.message]).toEqual([404, 'Route not found: GET /api/v1/nowhere'])
    for (const [path, meant] of [
      ['/health/', '; did you mean /health?'],
      ['/api/v1//claw/', '; did you mean /api/v1/claw?'],
      ['/nowhere/', ''],
      ['//', ''],
    ]) {
      const { body } = await api.call('GET', path!)
      expect(body.message).toBe(`Route not found: GET ${path}${meant}`)
    }
    const wrong = await api.call('DELETE', '/api/v1/forge/code_builder/status')
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD'])
    expect((await api.call('GET', '/api/v1/claw/')).status).toBe(404)
  })

  test('is logged as one line without content', async () => {
    const secret = 'my password is hunter2'
    await api.call('POST', MESSAGE, { body: { message: secret } })
    const line = api.logged.at(-1)!
    expect(line).toMatchObject({ message: 'request', status: 200, request_id: 'gateway-request' })
    expect(JSON.stringify(api.logged)).not.toContain('hunter2')
  })

  test('of a broken system is a 500 without a stack, and the log has the cause', async () => {
    const broken = await testApi({
      edge: {
        system: async () => {
          throw new Error('the disk is on fire')
        },
      },
    })
    const { status, body } = await broken.call('GET', '/api/v1/claw')
    expect({ status, body }).toEqual({
      status: 500,
      body: {
        error: 'Internal Server Error',
        code: 'internal',
        message: 'internal error',
        request_id: 'gateway-request',
      },
    })
    expect(JSON.stringify(broken.logged)).toContain('the disk is on fire')
  })
})

describe('a message that cannot be taken', () => {
  const body = { message: 'Hello' }
  const failing = (fault: Fault) => () => Promise.reject(fault)

  test.each([
    ['is full', new Fault('storage_full', { path: '/mnt/neam' }), 507, 'no space left at /mnt/neam'],
    [
      'is read-only',
      new Fault('storage_unavailable', { path: '/mnt/neam', problem: 'EROFS, running as uid 1000' }),
      503,
      'cannot use /mnt/neam: EROFS, running as uid 1000',
    ],
    [
      'is not mounted',
      new Fault('tree_missing', { path: '/mnt/neam' }),
      503,
      'no tree at /mnt/neam: is the file system mounted?',
    ],
  ])('because the disk %s says so, and is taken when it comes again', async (_claim, fault, status, text) => {
    const api = await testApi()
    const { sessions } = api.system.world
    const headers = { 'idempotency-key': 'once' }
    Object.assign(sessions, { accept: failing(fault) })
    const refused = await api.call('POST', MESSAGE, { body, headers })
    expect([refused.status, refused.body.code, refused.body.message]).toEqual([status, fault.code, text])
    Reflect.deleteProperty(sessions, 'accept')
    expect((await api.call('POST', MESSAGE, { body, headers })).status).toBe(200)
    const { messages } = await sessions.open({ agent: 'support_bot', key: 'user_42' })
    expect(messages).toHaveLength(2)
  })

  test('because its session stays busy is told when to come back: 409', async () => {
    const api = await testApi()
    Object.assign(api.system.world.sessions, { acquire: async () => null })
    const { status, body: answer, headers } = await api.call('POST', MESSAGE, { body })
    expect([status, answer.code, headers['retry-after']]).toEqual([409, 'session_busy', '5'])
  })
})
