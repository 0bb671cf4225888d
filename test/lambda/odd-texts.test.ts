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

test.each([
  ['message', '{"message": "one", "message": "two"}'],
  ['message', '{"message": "one", "message": "one"}'],
  ['message', '{"message": "one", "m\\u0065ssage" : "two"}'],
  ['', '{"message": "one", "": 1, "": 2}'],
  ['__proto__', '{"message": "one", "__proto__": 1, "__proto__": 2}'],
  ['metadata.user', '{"message": "one", "metadata": {"user": {"user": 1}, "user": 2}}'],
  ['metadata.tags.1.name', '{"metadata": {"tags": [{"name": 1}, {"name": 1, "of": [], "name": 2}]}}'],
])('the field "%s" that stands twice is refused, and nothing is kept: %s', async (field, sent) => {
  const session = `${SESSIONS}/twice`
  expect(await api.call('POST', `${session}/message`, { body: sent })).toMatchObject({
    status: 400,
    body: {
      code: 'bad_request',
      field,
      message: `the field "${field}" stands twice in the body: send it once`,
    },
  })
  expect((await api.call('GET', `${session}/history`)).body.messages).toEqual([])
})

test.each([
  [
    'of different objects',
    '{"message": "hi", "metadata": {"message": 1, "of": [{"message": 1}, {"message": 1}]}}',
  ],
  ['inside texts', JSON.stringify({ message: '{"message": 1, "message": 2}, \\" "message":' })],
  ['as values', '{"message": "message", "metadata": {"a": "a", "list": ["a", "a"]}}'],
])('names that stand twice %s are fine', async (name, sent) => {
  const { status } = await api.call('POST', `${SESSIONS}/${encodeURIComponent(name)}/message`, { body: sent })
  expect(status).toBe(200)
})

test('a body of the greatest size is looked through, whatever it is made of', async () => {
  const fill = (text: string) => text.repeat(Math.floor(1_000_000 / text.length))
  for (const inner of [fill('\\"'), fill('x'), fill('{}[],:')]) {
    const { status, body } = await api.call('POST', `${SESSIONS}/large/message`, {
      body: `{"message": 1, "note": ${inner.startsWith('{') ? JSON.stringify(inner) : `"${inner}"`}, "note": 2}`,
    })
    expect([status, body.field]).toEqual([400, 'note'])
  }
})

test('names that lead to prototypes change no object', async () => {
  const { status, body } = await api.call('POST', `${SESSIONS}/proto/message`, {
    body: '{"message": "hi", "metadata": {"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}}',
  })
  expect([status, typeof body.response]).toEqual([200, 'string'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})
