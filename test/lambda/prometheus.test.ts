import { expect, test } from '@jest/globals'
import { prometheusText } from '../../lambda/health/prometheus-text.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const PROGRAM = `
agent bot { provider: "openai" model: "gpt-4o" }
agent broken { provider: "openai" model: "gpt-4o" }
impl Monitorable for bot {
  fn baseline(self) { return { "latency": 1 }; }
  fn health_check(self) { return { "healthy": true, "status": "fine" }; }
  fn metrics(self) { return { "queue": 2.5, "names": ["a"] }; }
}
impl Monitorable for broken {
  fn health_check(self) { return { "healthy": false }; }
  fn metrics(self) { return nil + 1; }
}
`

async function scraped(api: TestApi): Promise<readonly string[]> {
  const { status, headers, body } = await api.call('GET', '/metrics')
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  return body.toString().split('\n')
}

test('label values are escaped, a family without samples is left out, the text ends with a line break', () => {
  const family = { help: 'Help.', type: 'gauge' as const }
  expect(
    prometheusText([
      { ...family, name: 'a', samples: [{ labels: { x: 'a"b\\c\nd', y: '' }, value: 0.5 }] },
      { ...family, name: 'none', samples: [] },
      { ...family, name: 'plain', samples: [{ labels: {}, value: 2 }] },
    ]),
  ).toBe(
    [
      '# HELP a Help.',
      '# TYPE a gauge',
      'a{x="a\\"b\\\\c\\nd",y=""} 0.5',
      '# HELP plain Help.',
      '# TYPE plain gauge',
      'plain 2',
      '',
    ].join('\n'),
  )
})

test('requests are told by route and use by agent, under the names of the JSON route', async () => {
  const api = await testApi({ module: moduleOf(PROGRAM) })
  await api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'bot', query: 'Hi' } })
  await api.call('GET', '/health')
  await api.call('GET', '/health')
  const lines = await scraped(api)
  const { body: figures } = await api.call('GET', '/api/v1/metrics')
  expect(lines).toContain('# TYPE neam_requests_count counter')
  expect(lines).toContain('neam_requests_count{route="GET /health"} 2')
  expect(lines).toContain(`neam_requests_p99_ms{route="GET /health"} ${figures.routes['GET /health'].p99_ms}`)
  expect(figures.agents.bot.tokens).toBeGreaterThan(0)
  for (const field of ['model_calls', 'tokens', 'cost_usd', 'turns', 'avg_latency_ms']) {
    expect(lines).toContain(`neam_agent_${field}{agent="bot"} ${figures.agents.bot[field]}`)
  }
  expect(lines).toContain('neam_agent_model_calls{agent="broken"} 0')
  expect(lines).toContain('neam_pool_size{pool="llm"} 8')
  expect(lines).toContain('neam_pool_waiting{pool="vm"} 0')
})

test('numbers that agents report of themselves are labelled by agent; a report that fails says so and hides no other', async () => {
  const lines = await scraped(await testApi({ module: moduleOf(PROGRAM) }))
  expect(lines.filter((line) => line.startsWith('neam_agent_report'))).toEqual([
    'neam_agent_report{agent="bot",report="health",field="healthy"} 1',
    'neam_agent_report{agent="bot",report="metrics",field="queue"} 2.5',
    'neam_agent_report{agent="broken",report="health",field="healthy"} 0',
    'neam_agent_report_failed{agent="broken",report="metrics"} 1',
  ])
})

test('the figures need the API key', async () => {
  const api = await testApi({ environment: { NEAM_API_KEY: 'a-key-of-sixteen-characters' } })
  const { status, headers } = await api.call('GET', '/metrics')
  expect([status, headers['content-type']]).toEqual([401, 'application/json'])
})

test('OpenAPI tells that the answer is text', async () => {
  const { body } = await (await testApi()).call('GET', '/openapi.json')
  expect(body.paths['/metrics'].get.responses[200].content).toEqual({
    'text/plain; version=0.0.4; charset=utf-8': { schema: { type: 'string' } },
  })
})
