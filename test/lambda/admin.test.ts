import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { exampleAgents, moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
agent helper { provider: "openai" model: "gpt-4o" system: "Secret prompt" }
claw agent bot { provider: "openai" model: "gpt-4o" channels: [web] }
forge agent builder {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { return true; }
  checkpoint: "none"
}
impl Monitorable for bot {
  fn health_check(self) { return { "ok": true, "sessions": self.session_count() }; }
  fn metrics(self) { return nil + 1; }
  fn baseline(self) { return { "avg_tool_calls": 2 }; }
}
`
const KEY = 'admin-key-of-the-tests'
const SENT = { authorization: `Bearer ${KEY}` }
const API = { authorization: 'Bearer api-key-of-the-tests' }

let api: TestApi
let auditLog: string

beforeEach(async () => {
  const directory = temporaryDirectory()
  auditLog = join(directory, 'audit.jsonl')
  api = await testApi({
    module: moduleOf(PROGRAM),
    directory,
    environment: {
      NEAM_API_KEY: 'api-key-of-the-tests',
      NEAM_ADMIN_KEY: KEY,
      NEAM_AUDIT_SINK: 'file',
      NEAM_AUDIT_LOG: auditLog,
    },
  })
})

const admin = (action: string, body?: unknown) =>
  api.call('POST', `/api/v1/admin/${action}`, { body, headers: SENT })

const ASKS: Readonly<Record<string, () => ReturnType<TestApi['call']>>> = {
  helper: () =>
    api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'helper', query: 'Hi' }, headers: API }),
  bot: () =>
    api.call('POST', '/api/v1/claw/bot/sessions/a/message', { body: { message: 'Hi' }, headers: API }),
  builder: () => api.call('POST', '/api/v1/forge/builder/start', { headers: API }),
}

describe('the kill switch', () => {
  test.each(Object.keys(ASKS))('works at once for %s, and for no other agent', async (agent) => {
    expect(await admin('disable', { agent, reason: 'maintenance' })).toMatchObject({
      status: 200,
      body: { status: 'disabled', agent, disabled_agents: [agent] },
    })
    for (const [name, ask] of Object.entries(ASKS)) {
      const { status, body } = await ask()
      expect([name, status]).toEqual([name, name === agent ? 503 : 200])
      if (name === agent) {
        expect([body.code, body.message]).toEqual([
          'agent_disabled',
          `agent ${agent} is disabled: maintenance`,
        ])
      }
    }
    await api.driver.idle()
    expect((await admin('enable', { agent })).body).toEqual({ status: 'enabled', agent, disabled_agents: [] })
    if (agent !== 'builder') expect((await ASKS[agent]!()).status).toBe(200)
  })

  test.each(['/api/v1/admin/kill', '/admin/kill'])('%s without an agent stops all', async (path) => {
    const { body } = await api.call('POST', path, { headers: SENT })
    expect(body).toEqual({ status: 'disabled', agent: '*', disabled_agents: ['*'] })
    for (const ask of Object.values(ASKS)) expect((await ask()).status).toBe(503)
    await admin('enable', { agent: '*' })
    expect((await ASKS.helper!()).status).toBe(200)
  })

  test('enabling all does not enable an agent that was disabled by name', async () => {
    await admin('disable', { agent: 'helper' })
    await admin('kill')
    expect((await admin('enable', { agent: '*' })).body.disabled_agents).toEqual(['helper'])
    expect((await ASKS.helper!()).status).toBe(503)
  })

  test('enabling all says which agents stay disabled by name, and how to enable them', async () => {
    await admin('disable', { agent: 'helper' })
    await admin('kill')
    expect((await admin('enable', { agent: '*' })).body).toEqual({
      status: 'enabled',
      agent: '*',
      disabled_agents: ['helper'],
      message: 'disabled by name: helper; enable each by its name',
    })
  })

  test('enabling one agent while all are disabled says that it stays disabled, and how to enable all', async () => {
    await admin('disable', { agent: 'helper' })
    await admin('kill')
    expect((await admin('enable', { agent: 'helper' })).body).toEqual({
      status: 'disabled',
      agent: 'helper',
      disabled_agents: ['*'],
      message: 'helper stays disabled, because all agents are: enable "*" for that',
    })
    expect((await ASKS.helper!()).status).toBe(503)
    expect((await admin('enable', { agent: '*' })).body).toEqual({
      status: 'enabled',
      agent: '*',
      disabled_agents: [],
    })
    expect((await ASKS.helper!()).status).toBe(200)
  })

  test('refuses unknown agents, missing ones and other fields', async () => {
    for (const action of ['disable', 'enable', 'kill']) {
      const { status, body } = await admin(action, { agent: 'nobody' })
      expect([status, body.code]).toEqual([404, 'agent_not_found'])
      expect((await admin(action, { agents: ['helper'] })).status).toBe(400)
      expect((await admin(action, { agent: '' })).body.message).toBe('agent: must not be empty')
    }
    for (const action of ['disable', 'enable']) {
      const { status, body } = await admin(action)
      expect([status, body.message]).toEqual([400, "Missing 'agent' field"])
    }
    expect((await ASKS.helper!()).status).toBe(200)
  })

  test('is audited with who did it, never with the key', async () => {
    await admin('disable', { agent: 'helper' })
    await admin('enable', { agent: 'helper' })
    const text = readFileSync(auditLog, 'utf8')
    expect(text).toMatch(/"admin\.disable".*"key [0-9a-f]{12}"/)
    expect(text).toMatch(/"admin\.enable".*"key [0-9a-f]{12}"/)
    expect(text).not.toContain(KEY)
  })
})

describe('the status', () => {
  test('shows what agents say of themselves; a method that fails hides nothing else', async () => {
    await ASKS.bot!()
    await admin('disable', { agent: 'helper' })
    const { status, body } = await api.call('GET', '/api/v1/admin/status', { headers: SENT })
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        disabled_agents: ['helper'],
        baselines: { bot: { avg_tool_calls: 2 } },
        agents: {
          helper: {},
          bot: {
            health: { ok: true, sessions: 1 },
            metrics: { error: expect.stringContaining('nil') },
            baseline: { avg_tool_calls: 2 },
          },
          builder: {},
        },
      },
    })
  })

  test('has the baselines of the example', async () => {
    const example = await testApi({ module: exampleAgents() })
    const { body } = await example.call('GET', '/api/v1/admin/status', { sourceIp: '127.0.0.1' })
    expect(body.baselines).toEqual({
      support_bot: { avg_tool_calls: 2, avg_response_time_ms: 800 },
      code_builder: { avg_iterations: 5, avg_cost: 2 },
    })
  })
})
