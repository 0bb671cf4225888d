// Skills that compute without end: they harm nobody but themselves, in their own process or in another one.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { logged } from '../support/logged.ts'
import { type OpenAIServer, type RecordedRequest, startOpenAIServer } from '../support/openai-server.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const PROGRAM = `
channel web { type: "http" }
skill burn {
  description: "Never ends"
  params: { name: string }
  impl(name) {
    let i = 0;
    while (true) {
      i = i + 1;
      if (i % 100000 == 0) { emit name; }
      let text = f"{i} {name}";
    }
  }
}
claw agent Desk { provider: "openai" model: "gpt-4o" channels: [web] skills: [burn] }
agent Once { provider: "openai" model: "gpt-4o" skills: [burn] }
`

/** Burns where the message says so, and is polite to all others. */
function answer({ body }: RecordedRequest) {
  const { role, content } = body.messages.at(-1)!
  if (role === 'tool') return { text: `The skill said: ${content}` }
  const [word, name] = (content ?? '').split(' ')
  return word === 'burn'
    ? { toolCalls: [{ name: 'burn', arguments: JSON.stringify({ name }) }] }
    : { text: 'Hello.' }
}

async function serve(args: readonly string[]): Promise<{ server: Server; model: OpenAIServer }> {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'desk.neam'), PROGRAM)
  const model = await startOpenAIServer()
  model.always(answer)
  const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }
  const all = ['--program', 'desk.neam', '--audit-sink', 'none', ...args]
  return { server: await startServer('bin/neam-api.js', all, environment, directory), model }
}

/** A connection of its own, so that workers take turns. */
const post = (server: Server, path: string, body: unknown) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { connection: 'close' },
    body: JSON.stringify(body),
  })
const say = (server: Server, session: string, message: string) =>
  post(server, `/api/v1/claw/Desk/sessions/${session}/message`, { message })

/** Workers that burn under a name, one for each of the times that it was told. */
const burning = (server: Server, name: string) =>
  logged(server, 'emit').flatMap(({ line, worker }) => (line === name ? [worker] : []))

test('on two workers two of them run at once, both workers answer others meanwhile, and a stop ends them', async () => {
  const { server } = await serve(['--workers', '2', '--drain-seconds', '1'])
  await until(() => logged(server, 'worker started').length === 2)
  let ended = 0
  const runaways = ['ann', 'bob'].map(async (name) => {
    const response = await say(server, name, `burn ${name}`)
    ended += 1
    return { status: response.status, body: (await response.json()) as { code?: string } }
  })
  await until(() => ['ann', 'bob'].every((name) => burning(server, name).length > 0))
  const [ann, bob] = ['ann', 'bob'].map((name) => burning(server, name).length)
  // Both go on: neither waits for the other's end, which never comes.
  await until(() => burning(server, 'ann').length > ann! && burning(server, 'bob').length > bob!)
  expect(new Set([...burning(server, 'ann'), ...burning(server, 'bob')])).toEqual(new Set([1, 2]))

  for (const session of ['a', 'b', 'c', 'd']) expect((await say(server, session, 'hi')).status).toBe(200)
  const answering = logged(server, 'request').filter(({ status }) => status === 200)
  expect(new Set(answering.map(({ worker }) => worker))).toEqual(new Set([1, 2]))
  expect(ended).toBe(0)

  expect(await server.stop()).toBe(0)
  expect(await Promise.all(runaways)).toMatchObject([
    { status: 503, body: { code: 'stopped' } },
    { status: 503, body: { code: 'stopped' } },
  ])
}, 60_000)

test('in one process others are answered as well, and the time of its request ends it: 504', async () => {
  const { server, model } = await serve(['--timeout', '3000'])
  const runaway = post(server, '/api/v1/agent/ask', { agent_id: 'Once', query: 'burn ann' })
  await until(() => burning(server, 'ann').length > 0)
  const others = await Promise.all(['a', 'b', 'c'].map((session) => say(server, session, 'hi')))
  expect(others.map(({ status }) => status)).toEqual([200, 200, 200])

  const refused = await runaway
  const body = (await refused.json()) as Record<string, unknown>
  expect([refused.status, body]).toEqual([
    504,
    {
      error: 'Gateway Timeout',
      code: 'deadline_exceeded',
      message: expect.stringContaining('out of time'),
      request_id: refused.headers.get('x-request-id'),
    },
  ])
  const told = burning(server, 'ann').length
  expect((await say(server, 'd', 'hi')).status).toBe(200)
  expect(burning(server, 'ann').length).toBe(told)
  expect(model.requests.length).toBe(5)
}, 60_000)
