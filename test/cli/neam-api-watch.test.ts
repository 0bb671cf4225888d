// `neam-api --watch`, as a process and over HTTP.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { encode } from '../../bytecode/codec.ts'
import { fetch } from '../support/fetch.ts'
import { logged } from '../support/logged.ts'
import { startOpenAIServer, type WireMessage } from '../support/openai-server.ts'
import { type Server, startServer } from '../support/server.ts'
import { moduleOf } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

/** A claw agent whose prompt and skill name the version. */
const version = (name: string) => `
channel web { type: "http" }
skill stock {
  description: "Tells the stock"
  params: { item: string }
  impl(item) { return "${name} stock"; }
}
claw agent Desk { provider: "openai" model: "gpt-4o" system: "I am ${name}." channels: [web] skills: [stock] }
agent ${name} { provider: "openai" model: "gpt-4o" }
`

const serve = (directory: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startServer('bin/neam-api.js', ['--watch', '--host', '127.0.0.1', ...args], env, directory)

/** A connection of its own, so that workers take turns. */
const call = async (server: Server, path: string, body?: unknown) => {
  const response = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  return { status: response.status, body: (await response.json()) as any }
}
const say = (server: Server, session: string, message: string) =>
  call(server, `/api/v1/claw/Desk/sessions/${session}/message`, { message })
const agents = async (server: Server) => Object.keys((await call(server, '/api/v1/agents')).body.agents)

const loadedAgain = (server: Server, times: number) =>
  until(() => logged(server, 'program loaded again').length === times)

describe('a program that changes while it is served', () => {
  test('a turn in hand ends with the old one, later requests see the new one, and the session goes on', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'desk.neam')
    writeFileSync(file, version('old'))
    const model = await startOpenAIServer()
    const changed = Promise.withResolvers<void>()
    const last = (messages: readonly WireMessage[]) => messages.at(-1)!.content
    model.script(
      { toolCalls: [{ name: 'stock', arguments: '{"item":"tea"}' }], after: changed.promise },
      ({ body }) => ({ text: `${body.messages[0]!.content} ${last(body.messages)}` }),
      ({ body }) => ({ text: `${body.messages[0]!.content} ${body.messages.length} messages` }),
    )
    const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
    const server = await serve(directory, ['--program', 'desk.neam'], environment)
    expect(server.log()).toContain('watching      the program is loaded again when its files change')

    const inHand = say(server, 'ann', 'How much tea?')
    await until(() => model.requests.length === 1)
    writeFileSync(file, version('new'))
    await loadedAgain(server, 1)
    expect(await agents(server)).toEqual(['new'])
    changed.resolve()
    expect(await inHand).toMatchObject({ status: 200, body: { response: 'I am old. old stock' } })

    expect((await say(server, 'ann', 'And now?')).body.response).toBe('I am new. 4 messages')
    const { body } = await call(server, '/api/v1/claw/Desk/sessions/ann/history')
    expect(body.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    // The figures are those of the process.
    expect((await call(server, '/api/v1/metrics')).body.agents.Desk.model_calls).toBe(3)
    expect(await server.stop()).toBe(0)
  }, 60_000)

  test('a turn that goes on in the background ends with the old one, too', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'desk.neam')
    writeFileSync(file, version('old'))
    const model = await startOpenAIServer()
    const changed = Promise.withResolvers<void>()
    const asksForStock = { toolCalls: [{ name: 'stock', arguments: '{"item":"tea"}' }] }
    // The request gives its model call up when it is handed over; the background makes it again.
    model.script({ ...asksForStock, after: changed.promise }, { ...asksForStock, after: changed.promise })
    model.always(({ body }) => ({ text: `${body.messages[0]!.content} ${body.messages.at(-1)!.content}` }))
    const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
    const args = ['--program', 'desk.neam', '--timeout', '1500']
    const server = await serve(directory, args, environment)
    const accepted = await say(server, 'ann', 'How much tea?')
    expect(accepted.status).toBe(202)
    writeFileSync(file, version('new'))
    await loadedAgain(server, 1)
    changed.resolve()
    let turn = await call(server, accepted.body.status_url)
    while (turn.body.status === 'running') turn = await call(server, accepted.body.status_url)
    expect(turn.body).toMatchObject({ status: 'completed', response: 'I am old. old stock' })
  }, 60_000)

  test('a forge run ends with the old one, and the next run is of the new one', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'build.neam')
    const program = (name: string) => `
fun check(ctx) {
  emit "${name}";
  if (workspace_read("done.txt") == nil) { return "not yet"; }
  return true;
}
forge agent builder {
  provider: "openai" model: "gpt-4o" verify: check checkpoint: "none" workspace: "project" loop { max_iterations: 100000 }
}`
    writeFileSync(file, program('old'))
    const server = await serve(directory, ['--program', 'build.neam', '--offline'])
    const emitted = () => logged(server, 'emit').map(({ line }) => line)
    const start = () => call(server, '/api/v1/forge/builder/start', {})
    const ended = async () => {
      let status = (await call(server, '/api/v1/forge/builder/status')).body
      while (status.running) status = (await call(server, '/api/v1/forge/builder/status')).body
      return status
    }
    await start()
    await until(() => emitted().length > 0)
    writeFileSync(file, program('new'))
    await loadedAgain(server, 1)
    const before = emitted().length
    await until(() => emitted().length > before + 1)
    writeFileSync(join(directory, 'project/done.txt'), 'yes')
    expect(await ended()).toMatchObject({ last_outcome: 'completed' })
    expect(new Set(emitted())).toEqual(new Set(['old']))
    await start()
    expect(await ended()).toMatchObject({ last_outcome: 'completed' })
    expect(emitted().at(-1)).toBe('new')
  }, 60_000)

  test('that does not compile any more, the old one goes on, and the diagnostics are printed', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'desk.neam')
    writeFileSync(file, version('old'))
    const server = await serve(directory, ['--program', 'desk.neam', '--offline'])
    writeFileSync(file, `${version('new')}\nagent {`)
    await until(() => logged(server, 'program not loaded again').length === 1)
    expect(logged(server, 'program not loaded again')).toMatchObject([
      { level: 'error', cause: 'desk.neam does not compile' },
    ])
    expect(server.log()).toContain('desk.neam:11:7')
    expect(await agents(server)).toEqual(['old'])
    writeFileSync(file, version('new'))
    await loadedAgain(server, 1)
    expect(await agents(server)).toEqual(['new'])
  }, 60_000)

  test('and is bytecode in a directory is served anew as well', async () => {
    const directory = temporaryDirectory()
    const write = (name: string) =>
      writeFileSync(join(directory, 'desk.neamb'), encode(moduleOf(version(name), 'desk.neam')))
    write('old')
    const server = await serve(directory, ['--bytecode', '.', '--offline'])
    expect(await agents(server)).toEqual(['old'])
    write('new')
    await loadedAgain(server, 1)
    expect(await agents(server)).toEqual(['new'])
  }, 60_000)
})

test('with NEAM_WATCH and workers, all of them serve the new program, and one that is started again does too', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'desk.neam')
  writeFileSync(file, version('old'))
  const server = await startServer(
    'bin/neam-api.js',
    ['--program', 'desk.neam', '--offline', '--workers', '2'],
    { NEAM_WATCH: '1' },
    directory,
  )
  await until(() => logged(server, 'worker started').length === 2)
  writeFileSync(file, version('new'))
  await loadedAgain(server, 2)
  const seen = await Promise.all([1, 2, 3, 4].map(() => agents(server)))
  expect(seen).toEqual([['new'], ['new'], ['new'], ['new']])

  // The file cannot be served now; what is served lives in the supervising process.
  rmSync(file)
  await until(() => logged(server, 'program not loaded again').length === 1)
  const { pid } = logged(server, 'worker started').find(({ worker }) => worker === 1)!
  process.kill(Number(pid), 'SIGKILL')
  await until(() => logged(server, 'worker started').length === 3)
  expect(await Promise.all([1, 2, 3, 4].map(() => agents(server)))).toEqual(seen)
  expect(logged(server, 'request').map(({ worker }) => worker)).toEqual(expect.arrayContaining([1, 2]))
  expect(await server.stop()).toBe(0)
}, 60_000)
