// Channels of `neam-api` that declare a port (chapter 24.6, design 9.19): real processes on real ports.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { freePorts, someListener } from '../support/free-port.ts'
import { logged } from '../support/logged.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { answered, connection } from '../support/raw.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const KEY = 'the-key-of-the-port-tests'
const AGENT = 'claw agent Desk { provider: "openai" model: "gpt-4o" channels: [shop, team, own] }\n'

/** Two channels with a port each and one path, and one without a port. */
const program = (shop: number, team: number) => `
channel shop { type: "http" path: "/ask" port: ${shop} cors: true }
channel team { type: "http" path: "/ask" port: ${team} policy: "group" }
channel own { type: "http" path: "/chat" }
${AGENT}`

const serveIn = (
  directory: string,
  source: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = { NEAM_API_KEY: KEY, NEAM_OFFLINE: '1' },
): Promise<Server> => {
  writeFileSync(join(directory, 'desk.neam'), source)
  return startServer(
    'bin/neam-api.js',
    ['--program', 'desk.neam', '--host', '127.0.0.1', ...args],
    env,
    directory,
  )
}
const serve = (source: string, args?: readonly string[], env?: Readonly<Record<string, string>>) =>
  serveIn(temporaryDirectory(), source, args, env)

const portOf = (server: Server) => Number(new URL(server.url).port)

/** What a request on a connection of its own is answered. */
async function call(port: number, path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, connection: 'close', ...init.headers },
  })
  const text = await response.text()
  const { status, headers } = response
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  return { status, headers, body: (text === '' ? null : JSON.parse(text)) as any }
}
const from = (user: string) => JSON.stringify({ user_id: user, content: 'Hi' })
const say = (port: number, path: string, headers: Readonly<Record<string, string>> = {}) =>
  call(port, path, { method: 'POST', headers, body: from('ann') })

const refusesConnections = async (port: number): Promise<boolean> =>
  await globalThis.fetch(`http://127.0.0.1:${port}/`).then(
    () => false,
    () => true,
  )

describe('a channel that declares a port', () => {
  test('is served there and nowhere else, and the banner says where', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const server = await serve(program(shop, team))
    const own = portOf(server)
    expect(server.log()).toContain(`  channel port  shop at http://127.0.0.1:${shop}/ask\n`)
    expect(server.log()).toContain(`  channel port  team at http://127.0.0.1:${team}/ask\n`)

    const served = [await say(shop, '/ask'), await say(team, '/ask'), await say(own, '/chat')]
    expect(served.map(({ status, body }) => [status, body.channel, body.session_key])).toEqual([
      [200, 'shop', 'Desk/http_ann'],
      [200, 'team', 'Desk/group_team'],
      [200, 'own', 'Desk/http_ann'],
    ])
    const elsewhere = [
      await say(own, '/ask'),
      await say(shop, '/chat'),
      await call(team, '/health'),
      await call(team, '/api/v1/claw'),
      await call(team, '/nothing'),
    ]
    expect(elsewhere.map(({ status, body }) => [status, body.code, body.message])).toEqual(
      [
        `Route not found: POST /ask; channel shop is at port ${shop}`,
        `Route not found: POST /chat; channel own is at port ${own}`,
        `Route not found: GET /health; the API is at port ${own}`,
        `Route not found: GET /api/v1/claw; the API is at port ${own}`,
        'Route not found: GET /nothing',
      ].map((message) => [404, 'route_not_found', message]),
    )
    expect(await server.stop()).toBe(0)
  }, 30_000)

  test('keeps the rules of the server there: keys, CORS, sizes, the log', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const server = await serve(program(shop, team))
    const wrong = { authorization: 'Bearer wrong' }
    const answers = [
      await say(shop, '/ask', wrong),
      await call(team, '/health', { headers: wrong }),
      await call(shop, '/ask', { method: 'OPTIONS', headers: wrong }),
      await call(team, '/ask', { method: 'OPTIONS', headers: wrong }),
      await call(shop, '/ask', { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) }),
      await call(shop, '/ask'),
    ]
    expect(
      answers.map(({ status, headers }) => [status, headers.get('access-control-allow-origin')]),
    ).toEqual([
      [401, '*'],
      [401, null],
      [204, '*'],
      [401, null],
      [413, null],
      [405, '*'],
    ])
    await until(() => logged(server, 'request').length === answers.length)
    expect(logged(server, 'request').map(({ route, status }) => [route, status])).toEqual(
      answers.map(({ status }) => ['ANY /{proxy+}', status]),
    )
  }, 30_000)

  test('counts among the connections of the process, and has no probes for those beyond the limit', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const server = await serve(program(shop, team), ['--max-connections', '1'])
    const kept = connection(server.url)
    kept.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(kept, 'data')
    for (const path of ['/ask', '/health'])
      expect((await call(shop, path)).body).toMatchObject({ code: 'connections_busy' })
    expect((await call(portOf(server), '/health')).status).toBe(200)
    kept.destroy()
  }, 30_000)

  test('without a key answers names of this machine only', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    await serve(program(shop, team), ['--offline'], {})
    const socket = connection(`http://127.0.0.1:${shop}`)
    socket.write('POST /ask HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n')
    expect(await answered(socket)).toMatch(/^HTTP\/1\.1 403 [\s\S]*host_refused/)
  }, 30_000)

  test('ends its requests in hand after SIGTERM, and takes no others', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const model = await startOpenAIServer()
    const held = Promise.withResolvers<void>()
    model.script({ text: 'Late, but here.', after: held.promise })
    const environment = { NEAM_API_KEY: KEY, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
    const server = await serve(program(shop, team), [], environment)
    const late = say(shop, '/ask')
    await until(() => model.requests.length === 1)
    const stopped = server.stop()
    await until(() => server.log().includes('SIGTERM, finishing 1 requests'))
    await until(async () => await refusesConnections(shop))
    expect(await refusesConnections(team)).toBe(true)
    held.resolve()
    expect(await late).toMatchObject({ status: 200, body: { content: 'Late, but here.' } })
    expect(await stopped).toBe(0)
  }, 30_000)

  test('is answered there when the file system hangs, as everywhere', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const directory = temporaryDirectory()
    const server = await serveIn(directory, program(shop, team), ['--timeout', '4000'])
    expect((await say(shop, '/ask')).status).toBe(200)
    // A reader of a FIFO waits in the kernel for a writer that never comes.
    const killSwitch = join(directory, '.neam/state/sys/kill.json')
    renameSync(killSwitch, `${killSwitch}.aside`)
    execFileSync('mkfifo', [killSwitch])
    expect(await say(shop, '/ask')).toMatchObject({ status: 503, body: { code: 'storage_slow' } })
    await server.ended
  }, 30_000)

  test('with --one-port is served where the API is; channels with one path are told apart by name', async () => {
    const [shop, team] = (await freePorts(2)) as [number, number]
    const server = await serve(program(shop, team), ['--one-port'])
    const own = portOf(server)
    expect((await say(own, '/ask')).body).toMatchObject({ code: 'bad_request', field: 'channel' })
    const body = JSON.stringify({ channel: 'shop', user_id: 'ann', content: 'Hi' })
    expect(await call(own, '/ask', { method: 'POST', body })).toMatchObject({ body: { channel: 'shop' } })
    expect(await refusesConnections(shop)).toBe(true)
    expect(server.log()).not.toContain('channel port')
  }, 30_000)

  test('that is the port of the server is served there', async () => {
    const [own, team] = (await freePorts(2)) as [number, number]
    const server = await serve(program(own, team), ['--port', String(own)])
    expect(server.url).toBe(`http://127.0.0.1:${own}`)
    expect((await say(own, '/ask')).body.channel).toBe('shop')
    expect((await call(own, '/health')).status).toBe(200)
  }, 30_000)
})

describe('a port that another program has', () => {
  test.each([
    ['one process', []],
    ['workers', ['--workers', '2']],
  ])(
    'ends the start of %s, which says once whose it is and what to do',
    async (_what, args) => {
      const other = await someListener()
      const [team] = (await freePorts(1)) as [number]
      const directory = temporaryDirectory()
      writeFileSync(join(directory, 'desk.neam'), program(other.port, team))
      const { code, stderr } = await runBin(
        'neam-api',
        ['--program', 'desk.neam', '--offline', '--host', '127.0.0.1', '--port', '0', ...args],
        { cwd: directory },
      )
      other.server.close()
      expect([code, stderr]).toEqual([
        1,
        `neam-api: port ${other.port}, which channel shop declares, is in use; give the channel another, or serve it where the API is with --one-port\n`,
      ])
    },
    30_000,
  )
})

test('workers share the ports of channels, and one that is started again listens there, too', async () => {
  const [shop, team] = (await freePorts(2)) as [number, number]
  const server = await serve(program(shop, team), ['--workers', '2'])
  await until(() => logged(server, 'channel port opened').length === 2)
  const served = () => logged(server, 'request').map(({ worker }) => worker)
  for (let n = 0; n < 4; n += 1) expect((await say(shop, '/ask')).status).toBe(200)
  await until(() => served().length === 4)
  expect(new Set(served())).toEqual(new Set([1, 2]))

  const { pid } = logged(server, 'worker started').find(({ worker }) => worker === 2)!
  process.kill(Number(pid), 'SIGKILL')
  await until(() => logged(server, 'channel port opened').length === 4)
  for (let n = 0; n < 4; n += 1) expect((await say(team, '/ask')).status).toBe(200)
  await until(() => served().length === 8)
  expect(new Set(served().slice(4))).toEqual(new Set([1, 2]))
  expect(await server.stop()).toBe(0)
}, 60_000)

describe('with --watch', () => {
  test('ports that appear are opened, and those that vanish end with what they have in hand', async () => {
    const [before, after, team] = (await freePorts(3)) as [number, number, number]
    const model = await startOpenAIServer()
    const held = Promise.withResolvers<void>()
    model.script({ text: 'Late, but here.', after: held.promise })
    model.always({ text: 'Here.' })
    const directory = temporaryDirectory()
    const environment = { NEAM_API_KEY: KEY, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
    const server = await serveIn(directory, program(before, team), ['--watch'], environment)
    const late = say(before, '/ask')
    await until(() => model.requests.length === 1)

    writeFileSync(join(directory, 'desk.neam'), program(after, team))
    await until(() => logged(server, 'channel port opened').length === 1)
    expect(logged(server, 'channel port opened')).toMatchObject([{ port: after, channels: ['shop'] }])
    expect(logged(server, 'channel port closed')).toMatchObject([{ port: before }])
    expect(await refusesConnections(before)).toBe(true)
    const later = await call(after, '/ask', { method: 'POST', body: from('bob') })
    expect(later.body.content).toBe('Here.')
    held.resolve()
    expect(await late).toMatchObject({ status: 200, body: { content: 'Late, but here.' } })
    expect(await server.stop()).toBe(0)
  }, 60_000)

  test('a port that another program has is logged, and everything else is served, by workers that die and come back', async () => {
    const other = await someListener()
    const [shop, team] = (await freePorts(2)) as [number, number]
    const directory = temporaryDirectory()
    const server = await serveIn(directory, program(shop, team), ['--watch', '--workers', '2'])
    await until(() => logged(server, 'worker started').length === 2)
    writeFileSync(join(directory, 'desk.neam'), program(other.port, team))
    await until(() => logged(server, 'channel port not opened').length === 2)
    expect(logged(server, 'channel port not opened')[0]).toMatchObject({
      level: 'error',
      port: other.port,
      channels: ['shop'],
      cause: `port ${other.port}, which channel shop declares, is in use; give the channel another, or serve it where the API is with --one-port`,
    })
    expect((await say(team, '/ask')).status).toBe(200)

    const { pid } = logged(server, 'worker started').find(({ worker }) => worker === 1)!
    process.kill(Number(pid), 'SIGKILL')
    await until(() => logged(server, 'channel port not opened').length === 3)
    const answers = await Promise.all([1, 2, 3, 4].map(() => say(team, '/ask')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await server.stop()).toBe(0)
    other.server.close()
  }, 60_000)
})
