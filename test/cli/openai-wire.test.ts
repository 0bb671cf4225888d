// The whole main job through the real openai client, against a server that speaks OpenAI's wire format.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { type OpenAIServer, startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'sk-canary-of-this-test-0123456789'

function home(): string {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  return directory
}

const access = (model: OpenAIServer) => ({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: KEY })
const call = (name: string, args: unknown) => ({ toolCalls: [{ name, arguments: JSON.stringify(args) }] })

test('a session: tool call, rate limit with Retry-After, malformed tool call, usage and cost', async () => {
  const model = await startOpenAIServer()
  const server = await startServer('bin/neam-api.js', ['--program', 'agents.neam'], access(model), home())
  const ask = async (message: string) => {
    const answer = await fetch(`${server.url}/api/v1/claw/support_bot/sessions/a/message`, {
      method: 'POST',
      body: JSON.stringify({ message }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  model.script(call('lookup_order', { order_id: 'ORD-12345' }), ({ body }) => ({
    text: `I looked: ${body.messages.at(-1)!.content}`,
  }))
  const first = await ask('Where is ORD-12345?')
  // gpt-4o: two calls of 100 tokens in and 20 out.
  expect(first).toMatchObject({
    status: 200,
    body: {
      response: 'I looked: Order ORD-12345: Shipped, arriving Tuesday',
      usage: { tokens: 240, cost_usd: (2 * (100 * 2.5 + 20 * 10)) / 1e6 },
    },
  })
  const [request] = model.requests
  expect(request!.headers.authorization).toBe(`Bearer ${KEY}`)
  expect(request!.body).toMatchObject({
    model: 'gpt-4o',
    temperature: 0.3,
    messages: [{ role: 'system' }, { role: 'user', content: 'Where is ORD-12345?' }],
  })
  expect(request!.body.tools!.map((tool) => tool.function.name)).toEqual(['lookup_order', 'escalate'])

  model.script(
    { status: 429, headers: { 'retry-after': '1' }, code: 'rate_limit_exceeded' },
    { toolCalls: [{ name: 'lookup_order', arguments: '{"order_id": ' }] },
    ({ body }) => ({ text: `The tool said: ${body.messages.at(-1)!.content}` }),
  )
  const second = await ask('And ORD-2?')
  expect(second.status).toBe(200)
  expect(second.body.response).toMatch(/^The tool said: .*JSON/)
  // The second turn sees the first; tool traffic is not part of the history.
  expect(model.requests[2]!.body.messages.map(({ role }) => role)).toEqual([
    'system',
    'user',
    'assistant',
    'user',
  ])

  model.script({ status: 401, message: `bad key ${KEY}` })
  const refused = await ask('Hello?')
  expect([refused.status, refused.body.code]).toEqual([502, 'provider_auth'])
  model.script({ text: 'Here I am.' })
  expect((await ask('Hello again?')).status).toBe(200)
  // The refused turn left no trace in the history.
  expect(JSON.stringify(model.requests.at(-1)!.body.messages)).not.toContain('Hello?')

  expect(JSON.stringify([first, second, refused]) + server.log()).not.toContain(KEY)
  expect(await server.stop()).toBe(0)
})

test('a forge run: files, feedback, one commit, cost within the limit', async () => {
  const model = await startOpenAIServer()
  const directory = home()
  model.script(
    call('write_file', { path: 'src/main.py', content: 'print("hi")\n' }),
    { text: 'LEARNING: main.py prints hi' },
    ({ body }) =>
      call('write_file', { path: 'tests/test_main.py', content: `# ${body.messages.at(-1)!.content}\n` }),
    { text: 'done' },
  )
  const { code, stdout, stderr } = await runBin(
    'neam-forge',
    ['--agent', 'agents.neam', '--workspace', 'out', '--verbose', '--json'],
    { cwd: directory, env: access(model) },
  )
  expect({ stderr, code }).toMatchObject({ code: 0 })
  expect(JSON.parse(stdout)).toEqual({
    outcome: 'completed',
    iterations: 2,
    total_cost: expect.closeTo((4 * (100 * 2.5 + 20 * 10)) / 1e6, 9),
    total_tokens: 480,
    message: 'All tasks verified',
    tasks_completed: 1,
    tasks_total: 1,
  })
  const [first, , second] = model.requests
  expect(first!.body.messages[1]!.content).toContain('Current task: Complete the work described above.')
  // A fresh context with the feedback of verify, and what was learned; nothing of the first conversation.
  const context = JSON.stringify(second!.body.messages)
  expect(context).toContain('No tests found. Please create tests/test_main.py')
  expect(context).toContain('main.py prints hi')
  expect(context).not.toContain('tool_calls')
  expect(existsSync(join(directory, 'out/tests/test_main.py'))).toBe(true)
  const log = execFileSync('git', ['-C', join(directory, 'out'), 'log', '--format=%s'], { encoding: 'utf8' })
  expect(log.trim().split('\n')).toHaveLength(1)
  expect(stdout + stderr).not.toContain(KEY)
})
