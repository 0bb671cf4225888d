import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../support/server.ts'
import { moduleOf, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MODULE = moduleOf(readFileSync(join(ROOT, 'examples/monitored.neam'), 'utf8'))

test('an anomaly shows in status, metrics and Prometheus text, also after a restart, and is audited', async () => {
  const directory = temporaryDirectory()
  const auditLog = join(directory, 'audit.jsonl')
  const options = {
    module: MODULE,
    directory,
    environment: { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: auditLog },
  }
  const before = await testApi(options)
  for (const order of [1001, 1002, 1003, 1004, 1005]) {
    const body = { message: `Look up order ${order}` }
    const { status } = await before.call('POST', '/api/v1/claw/clerk/sessions/a/message', { body })
    expect(status).toBe(200)
  }
  const api = await testApi(options)
  const deviations = {
    avg_tool_calls: {
      baseline: 0.4,
      observed: 1,
      samples: 5,
      anomaly_since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
    avg_cost: { baseline: 0.01, observed: 0, samples: 5, anomaly_since: null },
  }
  const status = await api.call('GET', '/api/v1/admin/status', { sourceIp: '127.0.0.1' })
  expect(status.body.agents.clerk.deviations).toEqual(deviations)
  const metrics = await api.call('GET', '/api/v1/metrics')
  expect(metrics.body.deviations).toEqual({ clerk: deviations })
  const lines = (await api.call('GET', '/metrics')).body.toString().split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'neam_agent_baseline{agent="clerk",measure="avg_tool_calls"} 0.4',
      'neam_agent_observed{agent="clerk",measure="avg_tool_calls"} 1',
      'neam_agent_anomaly{agent="clerk",measure="avg_tool_calls"} 1',
      'neam_agent_anomaly{agent="clerk",measure="avg_cost"} 0',
    ]),
  )
  const audited = readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes('anomaly.'))
    .map((line) => JSON.parse(line))
  expect(audited).toEqual([
    expect.objectContaining({
      event: 'anomaly.detected',
      agent: 'clerk',
      metadata: { measure: 'avg_tool_calls', baseline: 0.4, observed: 1, samples: 5 },
    }),
  ])
})
