import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { RequestTimes } from '../../lambda/request-times.ts'
import { moduleOf, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `agent helper { provider: "openai" model: "gpt-4o" }`

test('percentiles lie between the nearest values', () => {
  const times = new RequestTimes()
  for (const ms of [40, 10, 30, 20]) times.record('GET /a', ms, ms === 40)
  times.record('GET /b', 50, false)
  expect(times.routes()).toEqual({
    'GET /a': { count: 4, errors: 1, p50_ms: 25, p95_ms: 38.5, p99_ms: 39.7 },
    'GET /b': { count: 1, errors: 0, p50_ms: 50, p95_ms: 50, p99_ms: 50 },
  })
  expect(times.total()).toEqual({ count: 5, errors: 1, p50_ms: 30, p95_ms: 48, p99_ms: 49.6 })
})

test('before the first request the times are 0', () => {
  expect(new RequestTimes().total()).toEqual({ count: 0, errors: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0 })
})

test('only the newest thousand requests of a route count', () => {
  const times = new RequestTimes()
  for (let n = 0; n < 1000; n += 1) times.record('GET /a', 9000, true)
  for (let n = 0; n < 1000; n += 1) times.record('GET /a', 1, false)
  expect(times.total()).toEqual({ count: 2000, errors: 1000, p50_ms: 1, p95_ms: 1, p99_ms: 1 })
})

test('the route tells of requests, refused ones too, and of agents', async () => {
  const api = await testApi({ module: moduleOf(PROGRAM) })
  for (const agent_id of ['helper', 'nobody']) {
    await api.call('POST', '/api/v1/agent/ask', { body: { agent_id, query: 'Hi' } })
  }
  await api.call('GET', '/health')
  const { status, body } = await api.call('GET', '/api/v1/metrics')
  expect(status).toBe(200)
  expect(body.requests.count).toBe(3)
  expect(body.routes).toMatchObject({ 'POST /api/v1/agent/ask': { count: 2 }, 'GET /health': { count: 1 } })
  expect(body.routes['POST /api/v1/agent/ask'].p50_ms).toBeGreaterThan(0)
  expect(body.pools).toEqual({
    vm: { size: 128, in_use: 0, waiting: 0 },
    llm: { size: 8, in_use: 0, waiting: 0 },
  })
  expect(body.agents.helper).toMatchObject({ model_calls: 1, cost_usd: 0, turns: 1 })
  expect(body.agents.helper.tokens).toBeGreaterThan(0)
})

test('processes do not share their times', async () => {
  const [one, other] = [await testApi(), await testApi()]
  await one.call('GET', '/health')
  expect((await other.call('GET', '/api/v1/metrics')).body.requests.count).toBe(0)
})

test('the audit of answers adds up to the figures, under the same names', async () => {
  const auditLog = join(temporaryDirectory(), 'audit.jsonl')
  const module = moduleOf(`
    skill look { description: "Looks up an order" params: { id: string } impl(id) { return id; } }
    agent helper { provider: "openai" model: "gpt-4o" }
    claw agent clerk { provider: "openai" model: "gpt-4o" skills: [look] channels: [web] }
    channel web { type: "http" }`)
  const environment = { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: auditLog }
  const api = await testApi({ module, environment })
  await api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'helper', query: 'Hi' } })
  for (const message of ['Hi', 'Look up 1001']) {
    await api.call('POST', '/api/v1/claw/clerk/sessions/a/message', { body: { message } })
  }
  const answers = readFileSync(auditLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'agent.answer')
  const { body } = await api.call('GET', '/api/v1/metrics')
  for (const agent of ['helper', 'clerk']) {
    const own = answers.filter((answer) => answer.agent === agent).map(({ metadata }) => metadata)
    for (const name of ['model_calls', 'tokens', 'cost_usd']) {
      const sum = own.reduce((total, metadata) => total + metadata[name], 0)
      expect([name, sum]).toEqual([name, body.agents[agent][name]])
    }
    const mean = own.reduce((total, { latency_ms }) => total + latency_ms, 0) / own.length
    expect(body.agents[agent].avg_latency_ms).toBe(mean)
  }
})
