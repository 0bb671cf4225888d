import { describe, expect, test } from '@jest/globals'
import type { Edge } from '../../lambda/edge.ts'
import { agentFiguresOf } from '../../lambda/health/agent-figures.ts'
import { EmfMeter } from '../../lambda/health/emf.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const PROGRAM = `agent helper { provider: "openai" model: "gpt-4o" }
agent asker { provider: "openai" model: "gpt-4o" }`

/** An API whose log lines hold metrics, as on Lambda. */
async function measured(edge: Partial<Edge> = {}) {
  const holder: { api?: TestApi } = {}
  const meter = new EmfMeter(() => (holder.api ? agentFiguresOf(holder.api.system.world) : {}))
  const api = await testApi({ module: moduleOf(PROGRAM), edge: { ...edge, meter } })
  holder.api = api
  const ask = (agent_id: string) => api.call('POST', '/api/v1/agent/ask', { body: { agent_id, query: 'Hi' } })
  return { api, meter, ask }
}

describe('the log line of a request on Lambda', () => {
  test('holds its metrics and those of the agent it asked, in the embedded metric format', async () => {
    const { api, ask } = await measured()
    await ask('helper')
    expect(api.logged).toHaveLength(1)
    const used = { model_calls: 1, tokens: expect.any(Number), cost_usd: 0, turns: 1 }
    expect(api.logged[0]).toMatchObject({
      message: 'request',
      route: 'POST /api/v1/agent/ask',
      agent: 'helper',
      agents: { helper: used },
      neam_requests_count: 1,
      neam_requests_errors: 0,
      neam_requests_ms: expect.any(Number),
      neam_agent_model_calls: 1,
      neam_agent_tokens: expect.any(Number),
      neam_agent_cost_usd: 0,
      neam_agent_turns: 1,
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'NeamClaw',
            Dimensions: [[], ['route']],
            Metrics: [
              { Name: 'neam_requests_count', Unit: 'Count' },
              { Name: 'neam_requests_errors', Unit: 'Count' },
              { Name: 'neam_requests_ms', Unit: 'Milliseconds' },
            ],
          },
          {
            Namespace: 'NeamClaw',
            Dimensions: [[], ['agent']],
            Metrics: [
              { Name: 'neam_agent_model_calls', Unit: 'Count' },
              { Name: 'neam_agent_tokens', Unit: 'Count' },
              { Name: 'neam_agent_cost_usd', Unit: 'None' },
              { Name: 'neam_agent_turns', Unit: 'Count' },
            ],
          },
          {
            Namespace: 'NeamClaw',
            Dimensions: [[]],
            Metrics: [{ Name: 'neam_storage_ms', Unit: 'Milliseconds' }],
          },
        ],
      },
    })
  })

  test('counts what an agent used once, and in a request that asks none not at all', async () => {
    const { api, ask } = await measured()
    await ask('helper')
    await ask('helper')
    await api.call('GET', '/health')
    expect(api.logged.map((line) => line.neam_agent_model_calls)).toEqual([1, 1, undefined])
  })

  test('counts an answer of 5xx as an error, and one of 4xx not', async () => {
    const { api, ask } = await measured({ draining: () => true })
    await api.call('GET', '/ready')
    await ask('nobody')
    expect(api.logged.map((line) => [line.status, line.neam_requests_errors])).toEqual([
      [503, 1],
      [404, 0],
    ])
  })

  test('uses the names of GET /metrics', async () => {
    const { api, ask } = await measured()
    await ask('helper')
    const names = Object.keys(api.logged[0]!).filter((name) => name.startsWith('neam_'))
    const families = new Set(prometheusNames(await text(api)))
    // Prometheus has percentiles instead of single times.
    expect(names.filter((name) => !families.has(name))).toEqual(['neam_requests_ms'])
  })

  const text = async (api: TestApi): Promise<string> => String((await api.call('GET', '/metrics')).body)
  const prometheusNames = (page: string): string[] =>
    [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
})

test('what several agents used in one piece of work is their sum, without the dimension, and told of each', async () => {
  const { meter, ask } = await measured()
  meter.work()
  const none = meter.work()
  const figures = { model_calls: 2, tokens: 30, cost_usd: 0.1, turns: 1, avg_latency_ms: 5 }
  const both = new EmfMeter(() => ({ a: figures, b: { ...figures, cost_usd: 0.2 } })).work()
  expect(none).toEqual({})
  expect(both).toMatchObject({
    neam_agent_tokens: 60,
    agents: { a: { cost_usd: 0.1 }, b: { cost_usd: 0.2 } },
    _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }, { Dimensions: [[]] }] },
  })
  expect(both.neam_agent_cost_usd).toBeCloseTo(0.3)
  expect((await ask('asker')).status).toBe(200)
})
