import { beforeAll, describe, expect, test } from '@jest/globals'
import * as v from 'valibot'
import { STORAGE } from '../../lambda/health/storage-figures.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const PROGRAM = `
channel web { type: "http" }
agent helper { provider: "openai" model: "gpt-4o" system: "Secret prompt" }
claw agent bot { provider: "openai" model: "gpt-4o" channels: [web] }
`

let api: TestApi
beforeAll(async () => {
  api = await testApi({ module: moduleOf(PROGRAM) })
})
const ask = (body: unknown) => api.call('POST', '/api/v1/agent/ask', { body })

describe('stateless agents', () => {
  test('are listed without their prompts', async () => {
    const { body } = await api.call('GET', '/api/v1/agents')
    expect(body).toEqual({
      agents: { helper: { name: 'helper', provider: 'openai', model: 'gpt-4o', has_knowledge_base: false } },
    })
  })

  test.each([
    { agent_id: 'helper', query: 'Hi' },
    { agent: 'helper', message: 'Hi' },
  ])('answer %j', async (sent) => {
    const { status, headers, body } = await ask(sent)
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        agent_id: 'helper',
        query: 'Hi',
        response: expect.stringMatching(/\S/),
        trace_id: headers['x-request-id'],
        usage: { tokens: expect.any(Number), cost_usd: 0 },
      },
    })
  })

  test.each([
    [{}, "Missing 'agent_id' field"],
    [{ agent_id: 'helper' }, "Missing 'query' field"],
    [{ agent: 'helper' }, "Missing 'message' field"],
    [{ agent_id: 'helper', query: ' ' }, 'query: must not be empty'],
    [{ agent_id: '', query: 'Hi' }, 'agent_id: must not be empty'],
    [
      { agent_id: 'helper', query: 'Hi', message: 'Hi' },
      'Missing \'agent\' field; unknown field "agent_id"; accepted: agent, message',
    ],
  ])('refuse %j', async (sent, message) => {
    const { status, body } = await ask(sent)
    expect([status, body.message]).toEqual([400, message])
  })

  test.each(['nobody', 'bot'])('are not %s', async (name) => {
    const { status, body } = await ask({ agent_id: name, query: 'Hi' })
    expect([status, body.code, body.message]).toEqual([
      404,
      'agent_not_found',
      `Agent not found: ${name}. Available: helper`,
    ])
  })
})

test('the health behind the key counts agents and tells of the VM', async () => {
  const { status, body } = await api.call('GET', '/api/v1/health')
  const { storage, ...rest } = body
  expect({ status, rest }).toEqual({
    status: 200,
    rest: {
      status: 'ok',
      uptime_seconds: 52,
      version: expect.any(String),
      agents: { stateless: 1, claw: 1, forge: 0 },
      vm: {
        functions: expect.any(Number),
        rss_bytes: expect.any(Number),
        heap_used_bytes: expect.any(Number),
      },
    },
  })
  // Without a slowest call where none took a millisecond.
  expect(v.is(STORAGE, storage)).toBe(true)
  expect(storage.calls).toBeGreaterThan(0)
})

test('a body is refused from the size that the limits tell', async () => {
  const { body } = await api.call('GET', '/api/v1/limits')
  expect(body).toEqual({
    body_bytes: 1048576,
    body_depth: 64,
    agent_depth: 25,
    forge_iterations: 100_000,
    requests_per_minute: null,
    concurrent_requests: null,
    wrong_keys_per_minute: 20,
    llm_pool_size: 8,
    pool_size: 128,
  })
  const { status } = await api.call('POST', '/api/v1/agent/ask', { body: ' '.repeat(body.body_bytes + 1) })
  expect(status).toBe(413)
})
