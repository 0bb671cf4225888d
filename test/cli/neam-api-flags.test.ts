// What the flags of chapter 28.5 do to a running server. Those of the drain and of workers have files of their own.
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

/** A directory with the program `agents.neam`. */
function home(): string {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  return directory
}

const serve = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  directory: string = home(),
): Promise<Server> => startServer('bin/neam-api.js', ['--program', 'agents.neam', ...args], env, directory)

const get = async (server: Server, path: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  (await (await fetch(server.url + path)).json()) as any

const say = (server: Server, session: string) =>
  fetch(`${server.url}/api/v1/claw/support_bot/sessions/${session}/message`, {
    method: 'POST',
    body: JSON.stringify({ message: `I am ${session}` }),
  })

test.each([
  ['--pool-size', ['--pool-size', '1'], { NEAM_POOL_SIZE: '5' }],
  ['NEAM_POOL_SIZE', [], { NEAM_POOL_SIZE: '1' }],
])(
  '%s limits the requests that run the program at once; the others wait',
  async (_, args, env) => {
    const model = await startOpenAIServer()
    const gate = Promise.withResolvers<void>()
    model.always({ text: 'Hello.', after: gate.promise })
    const server = await serve(args, { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', ...env })
    const answers = ['ann', 'bob', 'cid'].map((session) => say(server, session))
    await until(async () => (await get(server, '/api/v1/metrics')).pools.vm.waiting === 2)
    await until(() => model.requests.length > 0)
    expect(model.requests.length).toBe(1)
    gate.resolve()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
  },
  30_000,
)

test('a request that finds no VM instance free in its time is refused, with the time to try again', async () => {
  const model = await startOpenAIServer()
  const gate = Promise.withResolvers<void>()
  model.always({ text: 'Hello.', after: gate.promise })
  const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
  const server = await serve(['--pool-size', '1', '--timeout', '1500'], environment)
  const first = say(server, 'ann')
  await until(() => model.requests.length === 1)
  const refused = await say(server, 'bob')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await refused.json()).toMatchObject({ code: 'instances_busy', scope: 'vm_instances', limit: 1 })
  gate.resolve()
  // It was handed over in the meantime, or answered just before that.
  expect([200, 202]).toContain((await first).status)
}, 30_000)

test.each([
  ['--llm-pool-size', ['--llm-pool-size', '1'], { NEAM_LLM_POOL_SIZE: '5' }],
  ['NEAM_LLM_POOL_SIZE', [], { NEAM_LLM_POOL_SIZE: '1' }],
])(
  '%s limits the connections to models: turns wait for one, and all are answered',
  async (_, args, env) => {
    const model = await startOpenAIServer()
    const gate = Promise.withResolvers<void>()
    model.always({ text: 'Hello.', after: gate.promise })
    const server = await serve(args, { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', ...env })
    const answers = ['ann', 'bob', 'cid'].map((session) => say(server, session))
    await until(async () => (await get(server, '/api/v1/metrics')).pools.llm.waiting === 2)
    await until(() => model.requests.length > 0)
    expect(model.requests.length).toBe(1)
    gate.resolve()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(model.connections).toMatchObject({ total: 1, most: 1 })
    expect((await get(server, '/api/v1/limits')).llm_pool_size).toBe(1)
  },
  30_000,
)

test.each([
  ['--timeout', ['--timeout', '1500'], { NEAM_TIMEOUT: '90000' }],
  ['NEAM_TIMEOUT', [], { NEAM_TIMEOUT: '1500' }],
])(
  '%s limits a request: a turn that takes longer goes on in the background, and is answered there',
  async (_, args, env) => {
    const model = await startOpenAIServer()
    const gate = Promise.withResolvers<void>()
    model.always({ text: 'At last.', after: gate.promise })
    const server = await serve(args, { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', ...env })
    const accepted = await say(server, 'ann')
    expect(accepted.status).toBe(202)
    gate.resolve()
    const url = accepted.headers.get('location')!
    await until(async () => (await get(server, url)).status === 'completed')
    expect((await get(server, url)).response).toBe('At last.')
  },
  30_000,
)

/** Names of the audit records in a text, one a line, as the file and json sinks write them. */
const events = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^\{.*"event":"([\w.]+)"/.exec(line)?.[1] ?? [])

describe('audit records', () => {
  test.each([
    [
      '--audit-log',
      ['--audit-sink', 'file', '--audit-log', 'given.jsonl'],
      { NEAM_AUDIT_LOG: 'other.jsonl' },
    ],
    ['NEAM_AUDIT_LOG', [], { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: 'given.jsonl' }],
  ])(
    'go to the file that %s names',
    async (_, args, env) => {
      const directory = home()
      const server = await serve(['--offline', ...args], env, directory)
      await say(server, 'ann')
      await server.stop()
      expect(events(readFileSync(join(directory, 'given.jsonl'), 'utf8'))).toContain('agent.answer')
      expect(server.log()).not.toContain('agent.answer')
    },
    30_000,
  )

  test.each([
    ['--audit-sink json', ['--audit-sink', 'json'], { NEAM_AUDIT_SINK: 'none' }],
    ['NEAM_AUDIT_SINK=json', [], { NEAM_AUDIT_SINK: 'json' }],
  ])(
    'go to stdout as JSON with %s',
    async (_, args, env) => {
      const server = await serve(['--offline', ...args], env)
      await say(server, 'ann')
      await server.stop()
      expect(events(server.log())).toContain('agent.answer')
    },
    30_000,
  )

  test('go to stderr by default, as text, and nowhere with --audit-sink none', async () => {
    const [shown, silent] = [await serve(['--offline']), await serve(['--offline', '--audit-sink', 'none'])]
    for (const server of [shown, silent]) {
      await say(server, 'ann')
      await server.stop()
    }
    expect(shown.log()).toMatch(/^\[audit\] \S+ agent\.answer agent=support_bot /m)
    expect(silent.log()).not.toContain('agent.answer')
  }, 30_000)
})

test('variables alone start a server: program, host, workers, offline model, kill switch, drain', async () => {
  const directory = home()
  const server = await startServer(
    'bin/neam-api.js',
    [],
    {
      NEAM_PROGRAM: 'agents.neam',
      NEAM_HOST: '127.0.0.1',
      NEAM_WORKERS: '2',
      NEAM_OFFLINE: '1',
      NEAM_DISABLED: '1',
      NEAM_DRAIN_SECONDS: '7',
    },
    directory,
  )
  expect(server.log()).toContain('workers       2 processes')
  expect(server.log()).toContain('models        offline')
  const refused = await say(server, 'ann')
  expect([refused.status, (await refused.json()) as object]).toMatchObject([503, { code: 'agent_disabled' }])
  expect(await server.stop()).toBe(0)
  expect(server.log()).toContain('(at most 7 s)')
}, 30_000)

test('a flag that is given goes before the variable of its name', async () => {
  const directory = home()
  const env = { NEAM_PROGRAM: 'missing.neam', NEAM_WORKERS: '0', NEAM_HOST: 'nowhere.invalid' }
  const args = ['--offline', '--workers', '1', '--host', '127.0.0.1']
  const server = await serve(args, { ...env, NEAM_WORKERS: '5' }, directory)
  expect(server.log()).not.toContain('workers ')
  expect((await get(server, '/health')).status).toBe('ok')
  // One that is not usable is said.
  const { code, stderr } = await runBin('neam-api', ['--program', 'agents.neam'], { cwd: directory, env })
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('NEAM_WORKERS must be a whole number from 1 to 64'),
  ])
}, 30_000)

test.each([
  ['NEAM_PORT', '1x', 'NEAM_PORT must be a whole number from 0 to 65535, got "1x"'],
  ['NEAM_WORKERS', '65', 'NEAM_WORKERS must be a whole number from 1 to 64, got "65"'],
])('%s=%s is refused by its own name, and not read beside its flag', async (name, value, message) => {
  const cwd = temporaryDirectory()
  const { code, stderr } = await runBin('neam-api', [], { cwd, env: { [name]: value } })
  expect({ code, stderr }).toEqual({ code: 2, stderr: `neam-api: ${message}\n` })
  const flag = name.replace('NEAM_', '--').toLowerCase()
  const other = await runBin('neam-api', [flag, '1'], { cwd, env: { [name]: value } })
  expect(other.stderr).toBe(
    'neam-api: no program is given: --program FILE or --bytecode DIR; see neam-api --help\n',
  )
})

test('NEAM_BYTECODE names a directory of bytecode, NEAM_PORT the port', async () => {
  const directory = home()
  const compile = ['compile', 'agents.neam', '--output', 'bytecode']
  expect((await runBin('neamc', compile, { cwd: directory })).code).toBe(0)
  const env = { NEAM_BYTECODE: 'bytecode', NEAM_OFFLINE: '1' }
  const server = await startServer('bin/neam-api.js', [], env, directory)
  expect((await get(server, '/api/v1/claw')).claw_agents).toMatchObject([{ name: 'support_bot' }])
  const port = new URL(server.url).port
  const taken = await runBin('neam-api', [], { cwd: directory, env: { ...env, NEAM_PORT: port } })
  expect([taken.code, taken.stderr]).toEqual([
    1,
    `neam-api: port ${port} is in use; choose another with --port\n`,
  ])
}, 30_000)

/** Chapter 28.5's table, and what the book does not know. */
const FLAGS = [
  ...[
    'host',
    'port',
    'workers',
    'timeout',
    'pool-size',
    'agent-turns',
    'llm-pool-size',
    'bytecode',
    'drain-seconds',
  ],
  ...['program', 'audit-sink', 'audit-log', 'watch', 'offline', 'disabled'],
]

test.each(['--help', '-h'])('%s tells every flag, and its variable', async (flag) => {
  const { code, stdout, stderr } = await runBin('neam-api', [flag], { cwd: ROOT })
  expect([code, stderr]).toEqual([0, ''])
  const variables = new Set(stdout.match(/\bNEAM_\w+/g))
  for (const name of FLAGS) {
    expect(stdout).toMatch(new RegExp(`^ +(-\\w, )?--${name}\\b`, 'm'))
    expect(variables).toContain(`NEAM_${name.toUpperCase().replaceAll('-', '_')}`)
  }
  expect(stdout).not.toContain('without effect')
})
