import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import type { RunEndedNotice } from '../../agents/ports/notices.ts'
import { WEBHOOK_SECRET, webhookNotices } from '../../runtime/webhook.ts'
import { runBin } from '../support/program.ts'
import { testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface Call {
  readonly body: string
  readonly headers: Record<string, string>
}

/** What the receiver answers, call by call; then 204. A null is a lost connection, `never` one that stays open. */
let answers: (number | null | 'never')[] = []
/** The time for an answer is over: of every call that gets none. */
let overdue = new AbortController()
let calls: Call[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  calls.push({ body, headers: request.headers as Record<string, string> })
  const status = answers.shift()
  if (status === null) return void request.socket.destroy()
  if (status === 'never') return overdue.abort()
  response.writeHead(status ?? 204, { location: '/elsewhere' }).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
afterAll(() => void server.close())
beforeEach(() => {
  answers = []
  calls = []
  overdue = new AbortController()
})

const SECRET = `whsec_${Buffer.from('a secret of 24 bytes, ok').toString('base64')}`
const notice: RunEndedNotice = {
  agent: 'code_builder',
  run: '01RUN',
  last_outcome: 'iteration_limit',
  message: 'Reached max iterations (3)',
  iterations: 3,
  total_cost: 0.42,
  total_tokens: 1284,
  tasks_completed: 1,
  tasks_total: 2,
  finished_at: '2026-02-18T10:23:45.123Z',
}

function notices(secret: string | null | Error = SECRET, to = url) {
  const waits: number[] = []
  const told = webhookNotices({
    url: to,
    secrets: {
      get: async (name) => {
        expect(name).toBe(WEBHOOK_SECRET)
        if (secret instanceof Error) throw secret
        return secret
      },
    },
    clock: { now: () => Date.now() },
    timers: {
      sleep: async (ms) => void waits.push(ms),
      deadline: () => ({ signal: overdue.signal, cancel: () => {} }),
    },
  })
  return { told, waits }
}

describe('the notice of a run that ended', () => {
  test('is signed as the Standard Webhooks library checks it, and says how the run ended', async () => {
    const { told } = notices()
    expect(await told.runEnded(notice)).toBeNull()
    expect(calls).toHaveLength(1)
    expect(calls[0]!.headers['webhook-id']).toBe('01RUN')
    expect(new Webhook(SECRET).verify(calls[0]!.body, calls[0]!.headers)).toEqual({
      type: 'forge.run.ended',
      timestamp: '2026-02-18T10:23:45.123Z',
      data: {
        agent: 'code_builder',
        run: '01RUN',
        last_outcome: 'iteration_limit',
        message: 'Reached max iterations (3)',
        iterations: 3,
        total_cost: 0.42,
        total_tokens: 1284,
        tasks_completed: 1,
        tasks_total: 2,
        finished_at: '2026-02-18T10:23:45.123Z',
      },
    })
    expect(() =>
      new Webhook(SECRET).verify(calls[0]!.body.replace('0.42', '0.41'), calls[0]!.headers),
    ).toThrow()
  })

  test('takes no longer than the status: what a receiver goes on sending is not waited for', async () => {
    const left = Promise.withResolvers<void>()
    const talker = createServer((_request, response) => {
      response.writeHead(200)
      const talking = setInterval(() => response.write('and on '), 20)
      response.on('close', () => {
        clearInterval(talking)
        left.resolve()
      })
    })
    await new Promise<void>((resolve) => talker.listen(0, '127.0.0.1', resolve))
    try {
      const { told } = notices(SECRET, `http://127.0.0.1:${(talker.address() as AddressInfo).port}`)
      expect(await told.runEnded(notice)).toBeNull()
      await left.promise
    } finally {
      talker.closeAllConnections()
      talker.close()
    }
  })

  test('takes any text for a secret', async () => {
    const { told } = notices('plain text secret')
    await told.runEnded(notice)
    const webhook = new Webhook(Buffer.from('plain text secret').toString('base64'))
    expect(() => webhook.verify(calls[0]!.body, calls[0]!.headers)).not.toThrow()
  })

  test.each([
    ['a failing server', [500], 2],
    ['a lost connection', [null, 503], 3],
  ] as const)('is sent again after %s, under the same id', async (_what, first, expected) => {
    answers = [...first]
    const { told, waits } = notices()
    const problem = await told.runEnded(notice)
    expect([calls.length, waits, problem]).toEqual([expected, [1000, 3000].slice(0, expected - 1), null])
    expect(new Set(calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['01RUN']))
  })

  test.each<[string, (number | null)[], string]>([
    ['an error', [500, 500, 404], 'it answered 404'],
    ['no answer', [null, null, null], 'it cannot be reached'],
    ['a redirect, which is not followed', [302, 302, 302], 'it cannot be reached'],
  ])('is given up after three times %s, and says so', async (_what, given, problem) => {
    answers = given
    const { told } = notices()
    expect(await told.runEnded(notice)).toBe(problem)
    expect(calls).toHaveLength(3)
  })

  test('is given up by a receiver that takes it and never answers', async () => {
    answers = ['never']
    const { told } = notices()
    expect(await told.runEnded(notice)).toBe('it did not answer in time')
  })

  test.each<[string, null | Error, string]>([
    ['there is no secret', null, 'NEAM_WEBHOOK_SECRET is not set, and a notice is never sent unsigned'],
    ['the secret cannot be read', new Error('down'), 'internal error'],
  ])('is not sent when %s', async (_what, secret, problem) => {
    const { told } = notices(secret)
    expect([await told.runEnded(notice), calls]).toEqual([problem, []])
  })
})

test('a run of a server is told about once, whatever ends it', async () => {
  const api = await testApi({ environment: { NEAM_WEBHOOK_URL: url, NEAM_WEBHOOK_SECRET: SECRET } })
  const { run } = (await api.call('POST', '/api/v1/forge/code_builder/start')).body
  await api.driver.idle()
  await api.call('POST', '/api/v1/forge/code_builder/stop')
  await api.call('GET', '/api/v1/forge/code_builder/status')
  expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([run])
  expect(new Webhook(SECRET).verify(calls[0]!.body, calls[0]!.headers)).toMatchObject({
    data: { agent: 'code_builder', run, last_outcome: 'completed' },
  })
})

test('a run whose end nobody could be told of is told about when the next one starts', async () => {
  const environment = { NEAM_WEBHOOK_URL: url, NEAM_WEBHOOK_SECRET: SECRET }
  const api = await testApi({ environment })
  answers = [503, 503, 503]
  const first = (await api.call('POST', '/api/v1/forge/code_builder/start')).body.run
  await api.driver.idle()
  expect(calls).toHaveLength(3)
  calls = []
  const second = (await api.call('POST', '/api/v1/forge/code_builder/start')).body.run
  await api.driver.idle()
  expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([first, second])
})

test('neam-forge --resume tells of an end that the receiver missed, though there is nothing to resume', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(
    join(cwd, 'done.neam'),
    'forge agent done { provider: "openai" model: "gpt-4o" verify: fn(ctx) { return true; } workspace: "work" checkpoint: "none" }',
  )
  const options = { cwd, env: { NEAM_WEBHOOK_URL: url, NEAM_WEBHOOK_SECRET: SECRET } }
  const args = ['--agent', 'done.neam', '--offline']
  answers = [503, 503, 503]
  const missed = await runBin('neam-forge', args, options)
  expect([missed.code, missed.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^warning: webhook was not told that run \w+ ended: it answered 503; it is tried again/,
    ),
  ])
  calls = []
  await runBin('neam-forge', [...args, '--resume'], options)
  expect(calls).toHaveLength(1)
  expect(new Webhook(SECRET).verify(calls[0]!.body, calls[0]!.headers)).toMatchObject({
    data: { agent: 'done', last_outcome: 'completed' },
  })
}, 20_000)

test('a webhook that is no URL is refused at the start', async () => {
  await expect(testApi({ environment: { NEAM_WEBHOOK_URL: 'hooks.example.com' } })).rejects.toThrow(
    'NEAM_WEBHOOK_URL must be an http or https URL, got "hooks.example.com"',
  )
})
