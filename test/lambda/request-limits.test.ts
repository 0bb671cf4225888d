import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { RequestLimits } from '../../lambda/request-limits.ts'
import { testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ONE = 'api-key-of-the-tests-1'
const OTHER = 'api-key-of-the-tests-2'
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

describe('the window of 60 seconds', () => {
  const options = { perMinute: 2, concurrent: null }

  test('slides: a place is free when the oldest request has left it, and the wait tells when', () => {
    const limits = new RequestLimits()
    const at = (nowMs: number) => limits.admit('a', nowMs, options)
    expect([at(0).admitted, at(20_000).admitted]).toEqual([true, true])
    expect(at(20_001)).toEqual({
      admitted: false,
      scope: 'requests_per_minute',
      limit: 2,
      retryAfterSeconds: 40,
    })
    expect(at(59_999)).toMatchObject({ admitted: false, retryAfterSeconds: 1 })
    expect(at(60_000).admitted).toBe(true)
    expect(at(60_001)).toMatchObject({ admitted: false, retryAfterSeconds: 20 })
  })

  test('is empty after the clock was set back', () => {
    const limits = new RequestLimits()
    const at = (nowMs: number) => limits.admit('a', nowMs, options).admitted
    expect([at(3_600_000), at(3_600_000), at(3_600_000)]).toEqual([true, true, false])
    expect([at(0), at(1), at(2)]).toEqual([true, true, false])
  })

  test('is one for each caller, and a new caller does not empty that of another', () => {
    const limits = new RequestLimits()
    const admitted = ['a', 'a', 'b', 'a', 'c', 'a'].map((name) => limits.admit(name, 0, options).admitted)
    expect(admitted).toEqual([true, true, true, false, true, false])
  })
})

describe('requests in hand', () => {
  const options = { perMinute: null, concurrent: 1 }

  test('take a place until they are released, and releasing twice gives no second one', () => {
    const limits = new RequestLimits()
    const admit = () => limits.admit('a', 0, options)
    const first = admit()
    expect(admit()).toEqual({
      admitted: false,
      scope: 'concurrent_requests',
      limit: 1,
      retryAfterSeconds: 1,
    })
    if (!first.admitted) throw new Error('the first request was refused')
    first.release()
    first.release()
    expect([admit().admitted, admit().admitted]).toEqual([true, false])
  })

  test('are remembered while other callers come and go', () => {
    const limits = new RequestLimits()
    limits.admit('a', 0, options)
    limits.admit('b', 120_000, options)
    expect(limits.admit('a', 120_000, options).admitted).toBe(false)
  })
})

test('a key beyond its rate is answered 429 with when to come back, and audited; another key and probes are served', async () => {
  const auditLog = join(temporaryDirectory(), 'audit.jsonl')
  const api = await testApi({
    environment: {
      NEAM_API_KEY: `${ONE},${OTHER}`,
      NEAM_RATE_LIMIT: '2',
      NEAM_AUDIT_SINK: 'file',
      NEAM_AUDIT_LOG: auditLog,
    },
  })
  const { body } = await api.call('GET', '/api/v1/limits', bearer(ONE))
  expect(body).toMatchObject({ requests_per_minute: 2, concurrent_requests: null })
  // A refused key takes nothing from the share of a good one.
  for (let n = 0; n < 5; n += 1) await api.call('GET', '/api/v1/claw', bearer('wrong'))
  expect((await api.call('GET', '/api/v1/claw', bearer(ONE))).status).toBe(200)
  const refused = await api.call('GET', '/api/v1/claw', bearer(ONE))
  expect(refused.status).toBe(429)
  expect(refused.headers['retry-after']).toMatch(/^([1-9]|[1-5]\d|60)$/)
  expect(refused.body).toMatchObject({
    error: 'Too Many Requests',
    code: 'rate_limited',
    scope: 'requests_per_minute',
    limit: 2,
    message: expect.stringMatching(/^this key may send 2 requests a minute; try again in \d+ s$/),
  })
  expect((await api.call('GET', '/api/v1/claw', bearer(OTHER))).status).toBe(200)
  expect((await api.call('GET', '/health')).status).toBe(200)
  const audited = readFileSync(auditLog, 'utf8')
  expect(audited).toMatch(/"limit\.exceeded".*"key [0-9a-f]{12}"/)
  expect(audited).not.toContain(ONE)
})

test('of requests at the same moment one more than allowed is refused; failed ones give their place back', async () => {
  const api = await testApi({ environment: { NEAM_API_KEY: ONE, NEAM_CONCURRENT_REQUESTS: '2' } })
  const all = await Promise.all([1, 2, 3].map(() => api.call('GET', '/api/v1/claw', bearer(ONE))))
  expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 429])
  expect(all.find(({ status }) => status === 429)?.body).toMatchObject({
    scope: 'concurrent_requests',
    limit: 2,
  })
  for (let n = 0; n < 3; n += 1) {
    expect((await api.call('GET', '/nowhere', bearer(ONE))).status).toBe(404)
  }
})
