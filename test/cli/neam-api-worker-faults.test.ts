// `neam-api --workers` when processes die or are told to stop in the middle of work.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { logged } from '../support/logged.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const program = (name: string) => `
channel web { type: "http" }
claw agent Desk { provider: "openai" model: "gpt-4o" channels: [web] }
agent ${name} { provider: "openai" model: "gpt-4o" }
`

async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'desk.neam'), program('old'))
  const all = ['--program', 'desk.neam', '--workers', '2', '--host', '127.0.0.1', ...args]
  const server = await startServer('bin/neam-api.js', all, env, directory)
  await until(() => logged(server, 'worker started').length === 2)
  return { server, directory }
}

const startedPid = (server: Server, number: number): number =>
  Number(logged(server, 'worker started').findLast(({ worker }) => worker === number)!.pid)

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const agents: Agent[] = []
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy()
})

/** A client that keeps one connection. */
function client(server: Server) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return async (path: string, body?: unknown) => {
    const sent = request(server.url + path, { agent, method: body === undefined ? 'GET' : 'POST' })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode: status, headers } = response
    return { status, connection: headers.connection, body: JSON.parse(await text(response)) }
  }
}
const MESSAGE = '/api/v1/claw/Desk/sessions/ann/message'

describe('a worker that dies with a request in hand', () => {
  test('takes that connection with it; the message is answered once by another worker that is asked again', async () => {
    const model = await startOpenAIServer()
    const held = Promise.withResolvers<void>()
    model.script({ text: 'never heard', after: held.promise }, { text: 'Here.' })
    const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
    const { server } = await serve([], environment)
    const say = (message: string) =>
      fetch(server.url + MESSAGE, {
        method: 'POST',
        headers: { connection: 'close', 'idempotency-key': 'message-1' },
        body: JSON.stringify({ message }),
      })
    const cutOff = say('Hello')
    cutOff.catch(() => {})
    await until(() => model.requests.length === 1)
    const busy = [1, 2].map((number) => startedPid(server, number))
    // Which of them has it is not told: both go, one after the other, and one of the two is always there.
    for (const [at, pid] of busy.entries()) {
      process.kill(pid, 'SIGKILL')
      await until(() => logged(server, 'worker started').length === 3 + at)
    }
    await expect(cutOff).rejects.toThrow()
    held.resolve()
    const again = await say('Hello')
    expect([again.status, await again.json()]).toMatchObject([200, { response: 'Here.' }])
    const history = await client(server)('/api/v1/claw/Desk/sessions/ann/history')
    expect(history.body.messages.map(({ content }: { content: string }) => content)).toEqual([
      'Hello',
      'Here.',
    ])
    expect(await server.stop()).toBe(0)
  }, 60_000)

  test('again and again, it is started later each time, and the others serve on', async () => {
    const server = await startServer('test/support/supervised.ts', [], {})
    await until(() => logged(server, 'worker died').length === 4)
    expect(
      logged(server, 'worker died').map(({ worker, code, restart_in_ms }) => [worker, code, restart_in_ms]),
    ).toEqual([
      [2, 7, 5],
      [2, 7, 10],
      [2, 7, 20],
      [2, 7, 20],
    ])
    expect(await (await globalThis.fetch(server.url)).text()).toBe('1')
    expect(await server.stop()).toBe(0)
  }, 60_000)
})

test('workers end when the process that supervises them is killed, and the port is free', async () => {
  const { server } = await serve(['--offline'])
  const pids = [1, 2].map((number) => startedPid(server, number))
  server.kill()
  await until(() => !pids.some(isAlive))
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
}, 60_000)

test('a port that is in use is told once, and ends all of them', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'desk.neam'), program('old'))
  const { code, stderr } = await runBin(
    'neam-api',
    ['--program', 'desk.neam', '--offline', '--workers', '3', '--host', '127.0.0.1', '--port', String(port)],
    { cwd: directory },
  )
  other.close()
  expect([code, stderr.split(`port ${port} is in use`).length]).toEqual([1, 2])
}, 60_000)

test('SIGTERM ends kept connections: those without a request at once, the others with their answer, which says so', async () => {
  const model = await startOpenAIServer()
  const held = Promise.withResolvers<void>()
  model.script({ text: 'Late, but here.', after: held.promise })
  const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
  const { server } = await serve([], environment)
  const [idle, busy] = [client(server), client(server)]
  expect(await Promise.all([idle('/health'), busy('/health')])).toMatchObject([
    { status: 200, connection: 'keep-alive' },
    { status: 200, connection: 'keep-alive' },
  ])
  const inHand = busy(MESSAGE, { message: 'Hello' })
  await until(() => model.requests.length === 1)
  const stopped = server.stop()
  await until(
    () => server.log().includes('finishing 1 requests') && server.log().includes('finishing 0 requests'),
  )
  await expect(idle('/health')).rejects.toThrow()
  held.resolve()
  expect(await inHand).toMatchObject({
    status: 200,
    connection: 'close',
    body: { response: 'Late, but here.' },
  })
  expect(await stopped).toBe(0)
}, 60_000)

test('no request of kept connections is refused while a program is loaded again', async () => {
  const { server, directory } = await serve(['--offline', '--watch'])
  let loading = true
  const seen: unknown[] = []
  const clients = Array.from({ length: 4 }, async () => {
    const ask = client(server)
    do {
      const { status, body } = await ask('/api/v1/agents')
      seen.push(status === 200 ? Object.keys(body.agents).join() : status)
    } while (loading)
    return (await ask('/api/v1/agents')).body
  })
  for (const [at, name] of ['second', 'third', 'fourth'].entries()) {
    const before = seen.length
    writeFileSync(join(directory, 'desk.neam'), program(name))
    await until(() => logged(server, 'program loaded again').length === 2 * (at + 1) && seen.length > before)
  }
  loading = false
  for (const body of await Promise.all(clients)) expect(Object.keys(body.agents)).toEqual(['fourth'])
  expect(new Set(seen)).toEqual(new Set(['old', 'second', 'third', 'fourth']))
  expect(await server.stop()).toBe(0)
}, 60_000)
