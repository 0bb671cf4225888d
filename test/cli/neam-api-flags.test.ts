// What the flags of chapter 28.5 do to a running server. Those of the drain and of workers have files of their own.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const serve = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  return startServer('bin/neam-api.js', ['--program', 'agents.neam', ...args], env, directory)
}

const get = async (server: Server, path: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  (await (await fetch(server.url + path)).json()) as any

const say = (server: Server, session: string) =>
  fetch(`${server.url}/api/v1/claw/support_bot/sessions/${session}/message`, {
    method: 'POST',
    body: JSON.stringify({ message: `I am ${session}` }),
  })

/** Asks until something is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}

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
    await until(async () => model.requests.length > 0)
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
  await until(async () => model.requests.length === 1)
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
    await until(async () => model.requests.length > 0)
    expect(model.requests.length).toBe(1)
    gate.resolve()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(model.connections).toMatchObject({ total: 1, most: 1 })
    expect((await get(server, '/api/v1/limits')).llm_pool_size).toBe(1)
  },
  30_000,
)
