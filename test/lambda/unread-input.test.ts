// One rule for all routes: what a route does not read is refused, not ignored.
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ROUTES } from '../../lambda/routes.ts'
import { type TestApi, testApi } from '../support/system.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})

/** A path of the route; nothing of that name exists. */
const pathOf = (path: string) => path.replaceAll(/\{\w+\}/g, 'x')
const local = { sourceIp: '127.0.0.1' }
const closed = ROUTES.filter(({ credential, method }) => credential !== 'open' && method !== 'ANY')

test.each(closed)(
  '$method $path refuses a query with a name that it does not know',
  async ({ method, path }) => {
    const { status, body } = await api.call(method, `${pathOf(path)}?sorted=1`, {
      ...local,
      // A body that lacks a field is not what is asked here.
      body: { agent: 'x', message: 'x', trace_id: 'x', action: 'approve', files: {} },
    })
    expect(status).toBe(400)
    if (method !== 'HEAD') expect(body.code).toBe('bad_request')
  },
)

test.each(closed)(
  '$method $path refuses a body with a field that it does not know',
  async ({ method, path }) => {
    const { status, body } = await api.call(method, pathOf(path), { ...local, body: { sorted: true } })
    expect(status).toBe(400)
    if (method !== 'HEAD') expect(body.code).toBe('bad_request')
  },
)

describe('the refusal', () => {
  const RESET = '/api/v1/claw/support_bot/sessions/ann/reset'

  test('names the field of a body, and changes nothing', async () => {
    await api.call('POST', RESET.replace('reset', 'message'), { body: { message: 'Hello' } })
    const { body } = await api.call('POST', RESET, { body: { keep: true } })
    expect(body).toMatchObject({ message: 'unknown field "keep"; accepted: none', field: 'keep' })
    const { body: history } = await api.call('GET', RESET.replace('reset', 'history'))
    expect(history.messages).toHaveLength(2)
  })

  test('names the parameter of a query', async () => {
    const { body } = await api.call('GET', '/api/v1/claw?limit=3')
    expect(body).toMatchObject({ message: 'unknown field "limit"; accepted: none', field: 'limit' })
  })

  test('is not for an empty object, which says nothing', async () => {
    expect((await api.call('POST', RESET, { body: {} })).status).toBe(200)
  })

  test('does not come before the 404 of a path that there is not', async () => {
    expect((await api.call('GET', '/nowhere?limit=3')).status).toBe(404)
  })
})

test('probes are answered whatever the query is', async () => {
  expect((await api.call('GET', '/health?at=12:00')).status).toBe(200)
  expect((await api.call('GET', '/ready?at=12:00')).status).toBe(200)
})
