import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { runBin } from '../support/program.ts'
import { raw } from '../support/raw.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const BIN = 'bin/neam-api.js'
const directory = temporaryDirectory()
copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
const serve = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Server> =>
  startServer(BIN, ['--program', 'agents.neam', '--offline', ...args], env, directory)

const post = (url: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

describe('a server without keys', () => {
  let server: Server
  beforeAll(async () => {
    server = await serve()
  })
  afterAll(async () => {
    await server.stop()
  })
  const message = (key: string) => `${server.url}/api/v1/claw/support_bot/sessions/${key}/message`

  test('binds this machine only, and says what is served, where the data lies and what is insecure', () => {
    const log = server.log()
    expect(log).toContain('claw agents   support_bot')
    expect(log).toContain('forge agents  code_builder')
    expect(log).toContain(join(directory, '.neam/sessions'))
    expect(log).toContain(`state         ${join(directory, '.neam/state')}`)
    expect(log).toContain('audit         to stderr')
    expect(log).toContain('WARNING       no NEAM_API_KEY')
    expect(log).toContain('offline')
  })

  test('answers what the handlers answer, over a kept connection', async () => {
    const answer = await post(message('a'), { message: 'Where is ORD-12345?' })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(((await answer.json()) as { response: string }).response).toContain('Shipped')
  })

  test('serves many sessions at once', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `user_${index}`)
    const answers = await Promise.all(keys.map((key) => post(message(key), { message: `I am ${key}` })))
    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200))
  })

  test('keeps every message of one session that was sent at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => post(message('shared'), { message: `message ${index}` })),
    )
    const accepted = answers.filter(({ status }) => status === 200).length
    // A message that waited too long is told to come back, never lost silently.
    for (const { status } of answers) expect([200, 409]).toContain(status)
    const last = await post(message('shared'), { message: 'and now?' })
    expect(((await last.json()) as { response: string }).response).toContain(`message ${accepted + 1}`)
  })

  test('refuses a body above the limit and closes, without reading the rest', async () => {
    const answer = await raw(
      server.url,
      `POST /api/v1/claw/support_bot/sessions/a/message HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(1024 * 1024 + 1)}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('"code":"body_too_large"')
  })

  test('refuses broken framing and broken paths with 400', async () => {
    expect(await raw(server.url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    const path = await fetch(`${server.url}/api/v1/claw/%E0%A4%A/sessions/a/message`, { method: 'POST' })
    expect(path.status).toBe(400)
  })

  test('refuses names of other machines in Host and Origin', async () => {
    expect(
      await raw(server.url, 'GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 403 /)
    expect(
      (await fetch(`${server.url}/health`, { headers: { origin: 'https://evil.example' } })).status,
    ).toBe(403)
    expect((await fetch(`${server.url}/health`, { headers: { origin: server.url } })).status).toBe(200)
  })

  test('answers HEAD without a body, and OPTIONS as any method that is not there', async () => {
    expect(
      await raw(server.url, 'HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toMatch(/\r\n\r\n$/)
    expect((await fetch(`${server.url}/health`, { method: 'OPTIONS' })).status).toBe(405)
  })

  test('says which flag to use when the port is taken', async () => {
    const { port } = new URL(server.url)
    const { code, stderr } = await runBin('neam-api', ['--program', 'agents.neam', '--port', port], {
      cwd: directory,
    })
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`port ${port} is in use; choose another with --port`),
    ])
  })
})

describe('a server with keys', () => {
  test('serves those who have one, and is no development server', async () => {
    const server = await serve([], { NEAM_API_KEY: 'key-of-this-test' })
    expect((await fetch(`${server.url}/api/v1/claw`)).status).toBe(401)
    const answer = await fetch(`${server.url}/api/v1/claw`, {
      headers: { authorization: 'Bearer key-of-this-test' },
    })
    expect(answer.status).toBe(200)
    expect(server.log()).not.toContain('WARNING')
    expect(server.log()).toContain('NOTE          plain HTTP')
    expect(server.log()).not.toContain('key-of-this-test')
    expect(await server.stop()).toBe(0)
  })

  test('warns of keys that are easily guessed, which production refuses', async () => {
    const server = await serve([], { NEAM_API_KEY: 'sk-my-secret-key', NEAM_ADMIN_KEY: 'short' })
    expect(server.log()).toContain('WARNING       a key in NEAM_API_KEY is a sample from the documentation')
    expect(server.log()).toContain('WARNING       a key in NEAM_ADMIN_KEY is shorter than 16 characters')
    expect(server.log()).not.toContain('sk-my-secret-key')
    await server.stop()
    const { code, stderr } = await runBin('neam-api', ['--program', 'agents.neam', '--offline'], {
      cwd: directory,
      env: { NEAM_ENV: 'production', NEAM_API_KEY: 'sk-my-secret-key' },
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining('is a sample from the documentation')])
  })

  test('production without a key does not start', async () => {
    const { code, stderr } = await runBin('neam-api', ['--program', 'agents.neam', '--offline'], {
      cwd: directory,
      env: { NEAM_ENV: 'production' },
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining('NEAM_ENV=production needs NEAM_API_KEY')])
  })
})

test('the shortest time limit leaves time to answer', async () => {
  const server = await serve(['--timeout', '1000'])
  const answer = await post(`${server.url}/api/v1/claw/support_bot/sessions/a/message`, { message: 'Hello' })
  expect(answer.status).toBe(200)
  await server.stop()
})

test('the kill switch can be on from the start', async () => {
  const server = await serve(['--disabled'])
  const answer = await post(`${server.url}/api/v1/claw/support_bot/sessions/a/message`, { message: 'Hello' })
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'agent_disabled'])
  await server.stop()
})

test('bytecode is served without the compiler', async () => {
  expect(
    (await runBin('neamc', ['compile', 'agents.neam', '--output', 'bytecode'], { cwd: directory })).code,
  ).toBe(0)
  const server = await startServer(BIN, ['--bytecode', 'bytecode', '--offline'], {}, directory)
  expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  await server.stop()
})

test('a run that a killed server left behind is taken up by the next one', async () => {
  const home = temporaryDirectory()
  writeFileSync(
    join(home, 'slow.neam'),
    `fun slow(ctx) { if (ctx.iteration < 30) { return "again"; } return true; }
     forge agent slow_builder { provider: "openai" model: "gpt-4o" verify: slow loop { max_iterations: 100 } }`,
  )
  const start = () => startServer(BIN, ['--program', 'slow.neam', '--offline'], {}, home)
  const status = async (server: Server) =>
    (await (await fetch(`${server.url}/api/v1/forge/slow_builder/status`)).json()) as Record<string, unknown>
  const first = await start()
  const { run } = (await (await post(`${first.url}/api/v1/forge/slow_builder/start`)).json()) as {
    run: string
  }
  while (((await status(first)).iteration as number) < 3);
  // Stopped in the middle of the run: its iteration in hand is finished, the rest is left.
  expect(await first.stop()).toBe(0)
  const second = await start()
  let state = await status(second)
  while (state.running) state = await status(second)
  expect(state).toMatchObject({ run, last_outcome: 'completed', iteration: 30 })
  await second.stop()
}, 30_000)

test.each([
  ['no program', [], 2, 'no program is given'],
  ['a program without its flag', ['agents.neam'], 2, 'did you mean --program agents.neam?'],
  ['two programs', ['--program', 'agents.neam', '--bytecode', '.'], 2, 'cannot both be given'],
  [
    'an unknown sink',
    ['--audit-sink', 'printer'],
    2,
    '--audit-sink must be "stderr", "file", "json" or "none", got "printer"',
  ],
  [
    'a file sink without a path',
    ['--program', 'agents.neam', '--audit-sink', 'file'],
    1,
    'needs a path: --audit-log PATH',
  ],
  [
    'a port that is none',
    ['--port', '99999'],
    2,
    '--port must be a whole number from 0 to 65535, got "99999"',
  ],
  ['a missing program', ['--program', 'nowhere.neam'], 1, 'cannot read nowhere.neam'],
  ['a directory without bytecode', ['--bytecode', '.'], 1, 'no .neamb file in .'],
])('%s is said in one line', async (_what, args, expected, message) => {
  const { code, stderr } = await runBin('neam-api', args, { cwd: directory })
  expect(stderr).toContain(message)
  expect(code).toBe(expected)
})
