import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type TestApi, testApi } from '../support/system.ts'

const AGENT = '/api/v1/claw/support_bot/sessions'
const ask = (api: TestApi, key: string, message = 'Hello') =>
  api.call('POST', `${AGENT}/${key}/message`, { body: { message } })

describe('GET /api/v1/claw/:agent/sessions', () => {
  test('lists sessions by pages', async () => {
    const api = await testApi()
    expect((await api.call('GET', AGENT)).body).toEqual({ agent: 'support_bot', sessions: [], next: null })
    for (const key of ['ann', 'bob', 'c%2Fd']) await ask(api, key)
    const first = await api.call('GET', `${AGENT}?limit=2`)
    expect(first.body).toMatchObject({
      sessions: [
        {
          session_key: 'ann',
          messages: 2,
          session_id: expect.any(String),
          last_activity_at: expect.any(String),
        },
        { session_key: 'bob', messages: 2 },
      ],
      next: expect.any(String),
    })
    const second = await api.call('GET', `${AGENT}?limit=2&after=${encodeURIComponent(first.body.next)}`)
    expect(second.body).toMatchObject({ sessions: [{ session_key: 'c/d' }], next: null })
  })

  test('shows a session whose first message has no answer yet', async () => {
    const api = await testApi()
    Object.assign(api.system.world, { turnWorker: { take: async () => {} } })
    await api.call('POST', `${AGENT}/new/message`, {
      body: { message: 'Hi' },
      headers: { prefer: 'respond-async' },
    })
    expect((await api.call('GET', AGENT)).body.sessions).toEqual([
      { session_key: 'new', session_id: '', messages: 0, due_reset: null, last_activity_at: null },
    ])
  })

  test('counts the messages that the next one will find: none once a reset is due, as the history has it', async () => {
    const api = await testApi()
    const { clock } = api.system.world
    await ask(api, 'ann')
    const listed = async () => (await api.call('GET', AGENT)).body.sessions[0]
    expect(await listed()).toMatchObject({ messages: 2, due_reset: null })
    Object.assign(api.system.world, { clock: { now: () => clock.now() + 60 * 60_000 } })
    const { session_id, last_activity_at, ...seen } = await listed()
    expect(seen).toEqual({ session_key: 'ann', messages: 0, due_reset: 'idle' })
    expect((await api.call('GET', `${AGENT}/ann/history`)).body.total).toBe(0)
  })

  test.each([
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?limit=ten', 'limit'],
    ['?page=2', 'page'],
  ])('%s is refused, naming %s', async (query, named) => {
    const answer = await (await testApi()).call('GET', AGENT + query)
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining(named)])
  })

  test('of an agent that is not there: 404, naming those there are', async () => {
    const answer = await (await testApi()).call('GET', '/api/v1/claw/nobody/sessions')
    expect([answer.status, answer.body.message]).toEqual([404, expect.stringContaining('support_bot')])
  })
})

describe('GET .../sessions/:key/history', () => {
  test('gives the newest messages first page, and those before it', async () => {
    const api = await testApi()
    for (const text of ['one', 'two', 'three']) await ask(api, 'ann', text)
    const newest = await api.call('GET', `${AGENT}/ann/history?limit=4`)
    expect(newest.body).toMatchObject({ agent: 'support_bot', session_key: 'ann', total: 6, from: 2 })
    expect(newest.body.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    expect(newest.body.messages[0]).toEqual({ role: 'user', content: 'two', ts: expect.any(String) })
    const older = await api.call('GET', `${AGENT}/ann/history?limit=4&before=${newest.body.from}`)
    expect(older.body).toMatchObject({ total: 6, from: 0, messages: [{ content: 'one' }, {}] })
  })

  test('of a session nobody has written to is empty', async () => {
    const answer = await (await testApi()).call('GET', `${AGENT}/ann/history`)
    expect([answer.status, answer.body.total, answer.body.messages]).toEqual([200, 0, []])
  })
})

describe('GET .../sessions/:key/export', () => {
  test('gives the session whole, and each of its archives', async () => {
    const api = await testApi()
    await ask(api, 'ann', 'before')
    await api.call('POST', `${AGENT}/ann/reset`)
    await ask(api, 'ann', 'after')
    const { body } = await api.call('GET', `${AGENT}/ann/export`)
    expect(body).toMatchObject({
      agent: 'support_bot',
      session_key: 'ann',
      compactions: 0,
      degraded: false,
      messages: [{ role: 'user', content: 'after' }, { role: 'assistant' }],
      archives: [{ reason: 'manual', messages: 2 }],
    })
    const [archive] = body.archives
    const archived = await api.call('GET', `${AGENT}/ann/export?archive=${archive.file}`)
    expect(archived.body).toMatchObject({
      file: archive.file,
      messages: [{ content: 'before' }, {}],
      damaged_lines: 0,
    })
  })

  test.each<[string, (line: string) => string]>([
    ['a flipped bit', (line) => line.replace('"role"', '"rolf"')],
    ['NULs', (line) => '\0'.repeat(line.length)],
    ['a line end in the middle', (line) => `${line.slice(0, 20)}\n${line.slice(20)}`],
    ['another role', (line) => line.replace('"user"', '"tool"')],
  ])('gives an archive as far as it can be read where a line has %s, and tells it', async (_claim, spoil) => {
    const api = await testApi()
    await ask(api, 'ann', 'before')
    await api.call('POST', `${AGENT}/ann/reset`)
    const { body } = await api.call('GET', `${AGENT}/ann/export`)
    const file = body.archives[0].file as string
    const path = join(api.system.settings.sessionsDir, 'support_bot/ann/archive', file)
    const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, [spoil(first), ...rest].join('\n'))
    const archived = await api.call('GET', `${AGENT}/ann/export?archive=${file}`)
    expect(archived.status).toBe(200)
    expect(archived.body.messages.map(({ role }: { role: string }) => role)).toEqual(['assistant'])
    expect(archived.body.damaged_lines).toBe(spoil(first).split('\n').length)
  })

  test.each(['nothing.jsonl', '..%2Fcurrent.jsonl', 'current.jsonl'])(
    '%s is no archive: 404',
    async (file) => {
      const api = await testApi()
      await ask(api, 'ann')
      const answer = await api.call('GET', `${AGENT}/ann/export?archive=${file}`)
      expect([answer.status, answer.body.code]).toEqual([404, 'archive_not_found'])
    },
  )
})
