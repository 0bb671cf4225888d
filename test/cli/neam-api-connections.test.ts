// More connections than a process takes (reliability 3.5, H04): real sockets, real processes.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get as httpGet, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { Connections, connectionLimit, RESERVED } from '../../cli/connections.ts'
import { createHttpServer } from '../../cli/http-server.ts'
import { openFileLimit } from '../../cli/open-files.ts'
import { checkAnswer } from '../support/check-answer.ts'
import { logged } from '../support/logged.ts'
import { answered, connection } from '../support/raw.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const serve = (...args: readonly string[]): Promise<Server> =>
  startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline', ...args], {
    NEAM_SESSIONS_DIR: temporaryDirectory(),
  })

const opened: Socket[] = []
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

const HEALTH = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** A connection that has asked once, was answered, and stays. */
async function kept(url: string): Promise<Socket> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  opened.push(socket)
  socket.write(HEALTH)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: keep-alive\r\n/)
  return socket
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly body: any
}

/** Asks on a connection of its own, which is kept if the server keeps it. */
async function ask(url: string, path: string, agent = new Agent({ keepAlive: false })): Promise<Answer> {
  const [response] = (await once(httpGet(url + path, { agent }), 'response')) as [IncomingMessage]
  const body = await buffer(response)
  const { statusCode: status = 0, headers } = response
  checkAnswer('GET', path, { status, headers, body })
  return { status, headers, body: JSON.parse(body.toString()) }
}

const REFUSED = {
  status: 503,
  headers: { connection: 'close', 'retry-after': '1' },
  body: { error: 'Service Unavailable', code: 'connections_busy' },
}

describe('a process with as many connections as it takes', () => {
  test('refuses others on new ones, says what to do, and answers probes; one that closes makes room', async () => {
    const server = await serve('--max-connections', '2')
    expect(server.log()).toContain('callers       2 connections at most\n')
    const first = await kept(server.url)
    await kept(server.url)

    const refused = await ask(server.url, '/api/v1/claw')
    expect(refused).toMatchObject(REFUSED)
    expect(refused.body.message).toBe(
      'this process has 2 connections, its limit (--max-connections); only probes are answered beyond it; try again in 1 s',
    )
    for (const path of ['/health', '/ready'])
      expect(await ask(server.url, path)).toMatchObject({ status: 200, headers: { connection: 'close' } })

    first.destroy()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    let answer = await ask(server.url, '/api/v1/metrics', agent)
    // The server hears a little later that the connection has gone.
    while (answer.status === 503) answer = await ask(server.url, '/api/v1/metrics', agent)
    agent.destroy()
    expect(answer.body.pools.connections).toEqual({ size: 2, in_use: 2, waiting: 0 })
    expect(answer.body.routes['GET /api/v1/claw']).toMatchObject({ count: 1, errors: 1 })
  }, 30_000)

  test('answers probes while connections that ask for nothing take every place beside', async () => {
    const server = await serve('--max-connections', '1')
    await kept(server.url)
    const silent = Array.from({ length: RESERVED + 1 }, () => connection(server.url))
    opened.push(...silent)
    // The one that waited longest gives way to the last.
    expect(await answered(silent[0]!)).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: 1\r\n[\s\S]*connections_busy/,
    )
    expect(await ask(server.url, '/health')).toMatchObject({ status: 200 })
    expect(await ask(server.url, '/api/v1/claw')).toMatchObject(REFUSED)
  }, 30_000)

  test('each worker has a limit of its own', async () => {
    const server = await serve('--workers', '2', '--max-connections', '1')
    await until(() => logged(server, 'worker started').length === 2)
    expect(server.log()).toContain('callers       1 connections at most, for each worker\n')
    await kept(server.url)
    await kept(server.url)
    expect(await ask(server.url, '/api/v1/claw')).toMatchObject(REFUSED)
    expect(await ask(server.url, '/health')).toMatchObject({ status: 200 })
  }, 30_000)

  test('10,000 that are idle, or as many as files allow, keep nobody from asking how it is', async () => {
    // This process has an end of each connection open, too.
    const count = Math.min(10_000, connectionLimit(null, openFileLimit()))
    const server = await serve('--max-connections', String(count))
    for (let left = count; left > 0; left -= 500)
      await Promise.all(Array.from({ length: Math.min(500, left) }, () => kept(server.url)))
    expect(opened.length).toBe(count)
    expect(await ask(server.url, '/health')).toMatchObject({ status: 200 })
    expect(await ask(server.url, '/ready')).toMatchObject({ status: 200 })
    expect(await ask(server.url, '/api/v1/claw')).toMatchObject(REFUSED)
    expect(opened.filter(({ destroyed }) => destroyed)).toEqual([])
  }, 120_000)
})

test('a request in hand keeps its place: a further connection is refused before it asks', async () => {
  const work = Promise.withResolvers<{ statusCode: number }>()
  const connections = new Connections(1)
  let asked = 0
  const http = createHttpServer({
    handlers: new Map([
      [
        'GET /health',
        () => {
          asked += 1
          return work.promise
        },
      ],
    ]),
    connections,
    timeoutMs: 30_000,
    localOnly: true,
    storageTime: NO_STORAGE_TIME,
    onRefused: () => {},
    onError: (error) => {
      throw error
    },
  })
  http.server.listen(0, '127.0.0.1')
  await once(http.server, 'listening')
  const url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  const sockets = Array.from({ length: 1 + RESERVED }, () => connection(url))
  const answers = sockets.map((socket) => answered(socket))
  for (const socket of sockets) socket.write(HEALTH.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await until(() => asked === sockets.length)

  expect(await answered(connection(url))).toMatch(/^HTTP\/1\.1 503 /)
  expect(connections.occupancy()).toEqual({ limit: 1, inUse: 1, waiting: RESERVED })
  work.resolve({ statusCode: 200 })
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  http.server.close()
  await once(http.server, 'close')
  expect(connections.occupancy()).toEqual({ limit: 1, inUse: 0, waiting: 0 })
}, 30_000)

describe('the limit', () => {
  test.each([
    ['is 10,000', null, 20_000, 10_000],
    ['is what the open files of the process leave', null, 1024, 704],
    ['is 10,000 where files have no limit', null, null, 10_000],
    ['is what was asked for', 12_000, 20_000, 12_000],
  ])('%s', (_name, wanted, openFiles, limit) => {
    expect(connectionLimit(wanted, openFiles)).toBe(limit)
  })

  test('that needs more files than a process may have is refused at the start, with the fix', () => {
    const { status, stderr } = spawnSync(
      'sh',
      [
        '-c',
        'ulimit -n 1000; exec "$0" bin/neam-api.js --program examples/agents.neam --offline --port 0 --max-connections 5000',
        process.execPath,
      ],
      { cwd: ROOT, env: { NEAM_SESSIONS_DIR: temporaryDirectory() }, encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([
      1,
      'neam-api: --max-connections 5000 needs 5320 open files, and this process may have 1000: raise ulimit -n, or give 680 at most\n',
    ])
  }, 30_000)
})
