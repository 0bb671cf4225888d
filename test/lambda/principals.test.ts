// Whose sessions a key opens (docs/decisions/009; reliability 3.10, A10).
import { beforeAll, describe, expect, test } from '@jest/globals'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const PROGRAM = `
channel cli { type: "cli" }
claw agent Shop { provider: "openai" model: "gpt-4o" channels: [cli] }
claw agent Desk { provider: "openai" model: "gpt-4o" channels: [cli] }
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { return true; }
  checkpoint: "none"
  workspace: "project"
}
forge agent Mason {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { return true; }
  checkpoint: "none"
  workspace: "house"
}
`
const OURS = 'one-api-key-of-the-tests'
const NEXT = 'its-successor-of-the-tests'
const ADMIN = 'admin-key-of-the-tests'
const THEIRS = 'api-key-of-another-deployment'

const deployment = (keys: string): Promise<TestApi> =>
  testApi({ module: moduleOf(PROGRAM), environment: { NEAM_API_KEY: keys, NEAM_ADMIN_KEY: ADMIN } })

const path = (session: string, rest: string, agent = 'Shop') =>
  `/api/v1/claw/${agent}/sessions/${encodeURIComponent(session)}/${rest}`

const as = (key: string, body?: unknown) => ({ headers: { authorization: `Bearer ${key}` }, body })

/** What somebody has said in a session. */
const said = async (
  api: TestApi,
  key: string,
  session: string,
  agent = 'Shop',
): Promise<readonly string[]> => {
  const { body } = await api.call('GET', path(session, 'history', agent), as(key))
  const messages = body.messages as readonly { readonly role: string; readonly content: string }[]
  return messages.filter(({ role }) => role === 'user').map(({ content }) => content)
}

const say = (api: TestApi, key: string, session: string, message: string) =>
  api.call('POST', path(session, 'message'), as(key, { message }))

describe('the keys of one deployment', () => {
  let api: TestApi
  let turn: string
  beforeAll(async () => {
    api = await deployment(`${OURS},${NEXT}`)
    turn = (await say(api, OURS, 'user/42', 'I am 42')).body.turn_id
  })

  test('open the same sessions', async () => {
    expect(await said(api, NEXT, 'user/42')).toEqual(['I am 42'])
  })

  test('open no admin route, and the admin key no session', async () => {
    const admin = await api.call('GET', '/api/v1/admin/confirmations', as(OURS))
    const session = await api.call('GET', path('user/42', 'history'), as(ADMIN))
    expect([admin.status, session.status]).toEqual([403, 403])
  })

  test.each(['user/4', 'user/421', 'USER/42', 'user%2F42', '../user/42', 'user', 'user/42/', 'üser/42'])(
    'find nothing of user/42 in the session %j, and it becomes one of its own',
    async (other) => {
      expect(await said(api, OURS, other)).toEqual([])
      await say(api, OURS, other, `I am not 42 but ${other}`)
      expect(await said(api, OURS, other)).toEqual([`I am not 42 but ${other}`])
      expect(await said(api, OURS, 'user/42')).toEqual(['I am 42'])
    },
  )

  test('find nothing of a session under another agent', async () => {
    expect(await said(api, OURS, 'user/42', 'Desk')).toEqual([])
  })

  test.each([
    ['a turn of another session', 'turn_not_found', () => path('user/4', `turns/${turn}`)],
    ['its events', 'turn_not_found', () => path('user/4', `turns/${turn}/events`)],
    ['a turn under another agent', 'turn_not_found', () => path('user/42', `turns/${turn}`, 'Desk')],
    ['an agent that is not served', 'agent_not_found', () => path('user/42', 'history', 'Vault')],
    ['a forge agent as a claw agent', 'agent_not_found', () => path('user/42', 'history', 'Builder')],
  ])('are told 404 of %s, as of what never was', async (_name, code, where) => {
    const { status, body } = await api.call('GET', where(), as(OURS))
    expect([status, body.code]).toEqual([404, code])
  })

  test('are told 404 of a run of another agent', async () => {
    const started = await api.call('POST', '/api/v1/forge/Builder/start', as(OURS))
    const of = async (agent: string) =>
      (await api.call('GET', `/api/v1/forge/${agent}/runs/${started.body.run}`, as(OURS))).status
    expect([await of('Builder'), await of('Mason')]).toEqual([200, 404])
    await api.driver.close()
  })
})

test('two deployments share no key and no session', async () => {
  const [ours, theirs] = [await deployment(OURS), await deployment(THEIRS)]
  await say(ours, OURS, 'user/42', 'I am ours')
  await say(theirs, THEIRS, 'user/42', 'I am theirs')
  expect(await said(theirs, THEIRS, 'user/42')).toEqual(['I am theirs'])
  for (const [api, key] of [
    [ours, THEIRS],
    [theirs, OURS],
  ] as const) {
    expect((await api.call('GET', path('user/42', 'history'), as(key))).status).toBe(401)
  }
})
