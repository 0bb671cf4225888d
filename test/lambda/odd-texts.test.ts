// Texts of odd characters, as they come in and are kept (reliability 3.5: H06, H07).
import { beforeAll, expect, test } from '@jest/globals'
import { type TestApi, testApi } from '../support/system.ts'

const SESSIONS = '/api/v1/claw/support_bot/sessions'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})

test.each([
  ['a zero character', 'a\\u0000b', 'a\u0000b'],
  ['a line separator', 'a\u2028b', 'a\u2028b'],
  ['text that runs to the left', 'a\u202eb', 'a\u202eb'],
  ['characters beyond 16 bits', '👩‍👩‍👧', '👩‍👩‍👧'],
  ['half a surrogate pair, which no vendor takes', 'a\\ud800b', 'a\ufffdb'],
])('%s in a message is kept, well-formed', async (name, sent, kept) => {
  const session = `${SESSIONS}/${encodeURIComponent(name)}`
  const { status } = await api.call('POST', `${session}/message`, { body: `{"message": "${sent}"}` })
  expect(status).toBe(200)
  const { body } = await api.call('GET', `${session}/history`)
  expect(body.messages[0].content).toBe(kept)
})

test('a byte order mark before a body is no part of it', async () => {
  const { status } = await api.call('POST', `${SESSIONS}/bom/message`, { body: '\ufeff{"message": "hi"}' })
  expect(status).toBe(200)
})

test('of a name that stands twice in a body the last one counts', async () => {
  await api.call('POST', `${SESSIONS}/twice/message`, { body: '{"message": "one", "message": "two"}' })
  const { body } = await api.call('GET', `${SESSIONS}/twice/history`)
  expect(body.messages[0].content).toBe('two')
})

test('names that lead to prototypes change no object', async () => {
  const { status, body } = await api.call('POST', `${SESSIONS}/proto/message`, {
    body: '{"message": "hi", "metadata": {"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}}',
  })
  expect([status, typeof body.response]).toEqual([200, 'string'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})
