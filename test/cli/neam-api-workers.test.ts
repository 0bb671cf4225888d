import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { logged } from '../support/logged.ts'
import { runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const place = (): string => {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  return directory
}

const serve = (directory: string): Promise<Server> =>
  startServer(
    'bin/neam-api.js',
    ['--program', 'agents.neam', '--offline', '--workers', '2', '--host', '127.0.0.1'],
    { NEAM_API_KEY: 'the-key-of-the-worker-tests' },
    directory,
  )

/** A connection of its own, so that the processes take turns. */
const ask = async (server: Server, path: string, body?: unknown) => {
  const response = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer the-key-of-the-worker-tests', connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('two workers serve one tree as one server, and one that dies comes back', async () => {
  const server = await serve(place())
  await until(() => logged(server, 'worker started').length === 2)
  expect(server.log()).toContain('workers       2 processes')
  expect(server.log().split('Try next:').length).toBe(2)

  const session = '/api/v1/claw/support_bot/sessions/ann'
  for (let n = 1; n <= 6; n += 1) {
    expect((await ask(server, `${session}/message`, { message: `number ${n}` })).status).toBe(200)
  }
  const { body } = await ask(server, `${session}/history`)
  const messages = body.messages as readonly { readonly role: string; readonly content: string }[]
  expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `number ${n}`),
  )
  const served = new Set(logged(server, 'request').map(({ worker }) => worker))
  expect(served).toEqual(new Set([1, 2]))

  const { pid } = logged(server, 'worker started').find(({ worker }) => worker === 2)!
  process.kill(Number(pid), 'SIGKILL')
  await until(() => logged(server, 'worker started').length === 3)
  expect(logged(server, 'worker died')).toMatchObject([{ worker: 2, signal: 'SIGKILL' }])
  for (let n = 0; n < 4; n += 1) expect((await ask(server, '/health')).status).toBe(200)
  expect(await server.stop()).toBe(0)
}, 60_000)

test('what is wrong is said once, and ends all of them', async () => {
  const directory = place()
  const { code, stderr } = await runBin(
    'neam-api',
    ['--program', 'missing.neam', '--workers', '3', '--port', '0'],
    { cwd: directory },
  )
  expect([code, stderr.split('missing.neam').length]).toEqual([1, 2])
}, 60_000)
