import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { type Credential, ROUTES } from '../../lambda/routes.ts'
import { systemKeys } from '../../runtime/keys.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const API = 'api-key-of-the-tests-1'
const ROTATED = 'api-key-of-the-tests-2'
const ADMIN = 'admin-key-of-the-tests'

const pathOf = (path: string) => path.replace('{proxy+}', 'somewhere/else').replaceAll(/\{\w+\}/g, 'x')
const method = (name: string) => (name === 'ANY' ? 'GET' : name)

/** What each credential gets on each kind of route; `in` = past the door. */
const EXPECTED: Readonly<Record<Credential, Readonly<Record<string, 'in' | 401 | 403>>>> = {
  open: { none: 'in', wrong: 'in', api: 'in', rotated: 'in', admin: 'in', basic: 'in', query: 'in' },
  key: { none: 401, wrong: 401, api: 'in', rotated: 'in', admin: 403, basic: 401, query: 401 },
  admin: { none: 401, wrong: 401, api: 403, rotated: 403, admin: 'in', basic: 401, query: 401 },
}

const PRESENTED: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  query: undefined,
  wrong: 'Bearer nonsense',
  api: `Bearer ${API}`,
  rotated: `bearer  ${ROTATED}`,
  admin: `Bearer ${ADMIN}`,
  basic: `Basic ${API}`,
}

const matrix = ROUTES.flatMap((route) =>
  Object.entries(EXPECTED[route.credential]).map(
    ([credential, expected]) => [`${route.method} ${route.path}`, credential, expected, route] as const,
  ),
)

describe('with keys', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await testApi({ environment: { NEAM_API_KEY: `${API}, ${ROTATED}`, NEAM_ADMIN_KEY: ADMIN } })
  })

  test.each(matrix)('%s with %s: %s', async (_name, credential, expected, route) => {
    const authorization = PRESENTED[credential]
    const { status, headers, body } = await api.call(method(route.method), pathOf(route.path), {
      headers: authorization === undefined ? {} : { authorization },
      // Wrong keys are counted by address.
      sourceIp: `${route.method} ${route.path}`,
    })
    if (expected === 'in') expect([401, 403]).not.toContain(status)
    else expect(status).toBe(expected)
    if (expected === 401) expect(headers['www-authenticate']).toBe('Bearer')
    // No answer tells anything of a key.
    for (const key of [API, ROTATED, ADMIN]) expect(JSON.stringify({ headers, body })).not.toContain(key)
  })
})

describe('a method that a path does not take, without a key', () => {
  const environment = { NEAM_API_KEY: API, NEAM_ADMIN_KEY: ADMIN }

  test.each(['/health', '/ready'])('POST %s, which is open: 405, with those it takes', async (path) => {
    const { status, headers, body } = await (await testApi({ environment })).call('POST', path)
    expect([status, headers.allow, body.code]).toEqual([405, 'GET, HEAD', 'method_not_allowed'])
  })

  test.each(['/api/v1/claw', '/api/v1/admin/status', '/nowhere', '/health/x'])(
    'PUT %s, which is not: 401',
    async (path) => {
      expect((await (await testApi({ environment })).call('PUT', path)).status).toBe(401)
    },
  )

  test('a channel of the program at an open path needs its key', async () => {
    const module = moduleOf(`
channel probe { type: "http", path: "/health" }
claw agent bot { provider: "openai" model: "gpt-4o" channels: [probe] }`)
    const api = await testApi({ module, environment })
    const message = { body: { content: 'Hello', user_id: 'ann' } }
    expect((await api.call('POST', '/health', message)).status).toBe(401)
    const headers = { authorization: `Bearer ${API}` }
    expect((await api.call('POST', '/health', { ...message, headers })).status).toBe(200)
  })
})

test.each([
  ['the beginning of a key', API.slice(0, -1)],
  ['a key and more', `${API}1`],
  ['a key in other case', API.toUpperCase()],
  ['one character', 'a'],
  ['both keys in one', `${API},${ROTATED}`],
  ['a long text', 'k'.repeat(8000)],
])('%s is no key', async (_name, key) => {
  const api = await testApi({ environment: { NEAM_API_KEY: `${API}, ${ROTATED}`, NEAM_ADMIN_KEY: ADMIN } })
  const { status, body } = await api.call('GET', '/api/v1/claw', {
    headers: { authorization: `Bearer ${key}` },
  })
  expect([status, body.message]).toEqual([401, 'the key is not valid'])
})

test('keys are exchanged without a restart: the new one is let in, the removed one is not', async () => {
  let valid = API
  const get = async (name: string) => (name === 'NEAM_API_KEY' ? valid : null)
  const { system } = await testApi()
  const keys = systemKeys({ get }, system.settings)
  const api = await testApi({ edge: { system: async () => ({ ...system, keys }) } })
  const statuses = async () =>
    await Promise.all(
      [API, ROTATED].map(async (key) => {
        const headers = { authorization: `Bearer ${key}` }
        return (await api.call('GET', '/api/v1/claw', { headers })).status
      }),
    )
  expect(await statuses()).toEqual([200, 401])
  valid = `${API},${ROTATED}`
  expect(await statuses()).toEqual([200, 200])
  valid = ROTATED
  expect(await statuses()).toEqual([401, 200])
})

test('each use of a key and each refusal is audited with a fingerprint, never with the key', async () => {
  const log = join(temporaryDirectory(), 'audit.jsonl')
  const environment = {
    NEAM_API_KEY: API,
    NEAM_ADMIN_KEY: ADMIN,
    NEAM_AUDIT_SINK: 'file',
    NEAM_AUDIT_LOG: log,
  }
  const api = await testApi({ environment })
  const ask = (path: string, key?: string) =>
    api.call('GET', path, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })
  await ask('/health')
  await ask('/api/v1/claw', API)
  await ask('/api/v1/claw', 'guessed-key')
  await ask('/api/v1/claw')
  await ask('/api/v1/admin/status', API)
  await ask('/api/v1/admin/status', ADMIN)
  const text = readFileSync(log, 'utf8')
  for (const key of [API, ADMIN, 'guessed-key']) expect(text).not.toContain(key)
  const fingerprint = (key: string) => `key ${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(records.map(({ event, detail, metadata }) => [event, detail, metadata.key, metadata.route])).toEqual(
    [
      ['auth.success', undefined, fingerprint(API), 'GET /api/v1/claw'],
      ['auth.failure', 'unauthorized', fingerprint('guessed-key'), 'GET /api/v1/claw'],
      ['auth.failure', 'unauthorized', 'no key', 'GET /api/v1/claw'],
      ['auth.failure', 'forbidden', fingerprint(API), 'GET /api/v1/admin/status'],
      ['auth.success', undefined, fingerprint(ADMIN), 'GET /api/v1/admin/status'],
    ],
  )
  expect(records[0]).toMatchObject({
    request_id: 'gateway-request',
    metadata: { source_ip: expect.any(String) },
  })
})

describe('an address that tries keys', () => {
  const GUESSER = '198.51.100.7'
  const directory = temporaryDirectory()
  const log = join(directory, 'audit.jsonl')
  let api: TestApi
  const ask = (key: string | null, sourceIp = GUESSER, path = '/api/v1/claw') =>
    api.call('GET', path, { headers: key === null ? {} : { authorization: `Bearer ${key}` }, sourceIp })
  beforeAll(async () => {
    const environment = { NEAM_API_KEY: API, NEAM_ADMIN_KEY: ADMIN, NEAM_WRONG_KEY_LIMIT: '3' }
    api = await testApi({ environment: { ...environment, NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: log } })
    // What is no guess counts for nothing: no key, the key of other routes.
    for (const key of [null, ADMIN, null, ADMIN]) await ask(key)
    const paths = ['/api/v1/claw', '/api/v1/admin/status', '/api/v1/claw']
    const answers = await Promise.all(paths.map((path, at) => ask(`guess-${at}`, GUESSER, path)))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
  })

  test('is told to wait, on every route, with when to come back; the limits tell how many are allowed', async () => {
    for (const path of ['/api/v1/claw', '/api/v1/admin/status']) {
      const { status, headers, body } = await ask('guess-4', GUESSER, path)
      expect([status, body.code, body.scope, body.limit]).toEqual([
        429,
        'rate_limited',
        'wrong_keys_per_minute',
        3,
      ])
      expect(body.message).toMatch(
        /^more than 3 wrong keys a minute came from your address; try again in \d+ s$/,
      )
      expect(headers['retry-after']).toMatch(/^([1-9]|[1-5]\d|60)$/)
    }
    expect((await ask(API, GUESSER, '/api/v1/limits')).body.wrong_keys_per_minute).toBe(3)
  })

  test('is served with a good key, and so are probes', async () => {
    expect((await ask(API)).status).toBe(200)
    expect((await ask(ADMIN, GUESSER, '/api/v1/admin/status')).status).toBe(200)
    expect((await ask('guess-5', GUESSER, '/health')).status).toBe(200)
  })

  test('harms no other address', async () => {
    expect((await ask(API, '203.0.113.9')).status).toBe(200)
    expect((await ask('mistyped', '203.0.113.9')).status).toBe(401)
  })

  test('leaves an audit record of each guess, without the guess', async () => {
    await ask('guess-6')
    const text = readFileSync(log, 'utf8')
    expect(text).not.toContain('guess-')
    const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({
      event: 'auth.failure',
      detail: 'rate_limited',
      metadata: { key: expect.stringMatching(/^key [0-9a-f]{12}$/), source_ip: GUESSER },
    })
  })
})

describe('without keys', () => {
  test('a development server is open', async () => {
    const api = await testApi()
    expect((await api.call('GET', '/api/v1/claw')).status).toBe(200)
  })

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('admin routes are open to %s', async (sourceIp) => {
    const api = await testApi()
    expect((await api.call('GET', '/api/v1/admin/status', { sourceIp })).status).toBe(200)
  })

  test('admin routes are closed to other machines', async () => {
    const { status, body } = await (await testApi()).call('GET', '/api/v1/admin/status')
    expect([status, body.code]).toEqual([403, 'forbidden'])
  })

  test.each([undefined, `Bearer ${API}`])(
    'admin routes stay closed with an API key alone: %s',
    async (sent) => {
      const api = await testApi({ environment: { NEAM_API_KEY: API } })
      const { status, body } = await api.call('GET', '/api/v1/admin/status', {
        headers: sent === undefined ? {} : { authorization: sent },
        sourceIp: '127.0.0.1',
      })
      expect([status, body.message]).toEqual([
        403,
        'this route needs NEAM_ADMIN_KEY, which is not set; set it to 16 or more random characters (openssl rand -hex 32)',
      ])
    },
  )

  test('in production nothing but the probes is served', async () => {
    const api = await testApi({ environment: { NEAM_ENV: 'production' } })
    const { status, body } = await api.call('GET', '/api/v1/claw', { headers: { authorization: 'Bearer x' } })
    expect([status, body.code, body.message]).toEqual([
      503,
      'not_configured',
      'this server needs NEAM_API_KEY, which is not set; set it to 16 or more random characters (openssl rand -hex 32)',
    ])
    expect((await api.call('GET', '/health')).status).toBe(200)
  })

  test.each([
    ['admin', 'is shorter than 16 characters'],
    ['admin-super-secret-key', 'is a sample from the documentation'],
    [API, 'is one of NEAM_API_KEY, too'],
  ])('in production the admin key %s is refused with what is wrong and the fix', async (key, problem) => {
    const environment = { NEAM_ENV: 'production', NEAM_API_KEY: API, NEAM_ADMIN_KEY: key }
    const api = await testApi({ environment })
    const { status, body } = await api.call('GET', '/api/v1/admin/status', {
      headers: { authorization: `Bearer ${key}` },
    })
    expect([status, body.message]).toEqual([
      403,
      `this route needs NEAM_ADMIN_KEY, which counts as not set because it ${problem}; set it to 16 or more random characters (openssl rand -hex 32)`,
    ])
  })

  test('the key of other routes is named as what it is', async () => {
    const api = await testApi({ environment: { NEAM_API_KEY: API, NEAM_ADMIN_KEY: ADMIN } })
    const refusal = async (path: string, key: string) =>
      (await api.call('GET', path, { headers: { authorization: `Bearer ${key}` } })).body.message
    expect(await refusal('/api/v1/admin/status', API)).toBe(
      'this route needs NEAM_ADMIN_KEY, and the key that was sent is one of NEAM_API_KEY',
    )
    expect(await refusal('/api/v1/claw', ADMIN)).toBe(
      'this route needs NEAM_API_KEY, and the key that was sent is one of NEAM_ADMIN_KEY',
    )
  })

  test.each(['short', 'sk-my-secret-key'])('in production the weak key %s is none', async (weak) => {
    const headers = { authorization: `Bearer ${weak}` }
    const production = await testApi({ environment: { NEAM_ENV: 'production', NEAM_API_KEY: weak } })
    expect((await production.call('GET', '/api/v1/claw', { headers })).status).toBe(503)
    const development = await testApi({ environment: { NEAM_API_KEY: weak } })
    expect((await development.call('GET', '/api/v1/claw', { headers })).status).toBe(200)
  })
})
