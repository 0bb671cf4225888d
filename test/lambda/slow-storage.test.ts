// Storage that is slow (reliability 3.4, D11), as a caller and whoever watches the process see it.
import { expect, test } from '@jest/globals'
import { EmfMeter } from '../../lambda/health/emf.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { StorageGauge } from '../../stores/tree/storage-gauge.ts'
import { slowDisk } from '../support/fs-slow.ts'
import { virtualTime } from '../support/fs-tree.ts'
import { moduleOf, testApi } from '../support/system.ts'

const PROGRAM = `channel desk { type: "cli" }
agent helper { provider: "openai" model: "gpt-4o" budget: Small }
budget Small { api_calls: 9 tokens: 100000 reset: "daily" }`

/** An API whose disk can become slow, and whose time passes by that only. */
async function slowApi() {
  const { clock } = virtualTime()
  const disk = slowDisk(nodeFs, (ms) => clock.pass(ms))
  const storageGauge = new StorageGauge(clock)
  const meter = new EmfMeter(() => ({}), storageGauge)
  const storage = { fs: disk.fs, storageGauge }
  const api = await testApi({ module: moduleOf(PROGRAM), clock, storage, edge: { meter } })
  const ask = () => api.call('POST', '/api/v1/agent/ask', { body: { agent_id: 'helper', query: 'Hi' } })
  return { api, clock, disk, ask }
}

test('a request that runs out of time on it is answered 503 storage_slow with Retry-After, and works when it is well again', async () => {
  const { api, disk, ask } = await slowApi()
  disk.slow(20_000)
  const { status, headers, body } = await ask()
  expect([status, headers['retry-after'], body]).toEqual([
    503,
    '5',
    {
      error: 'Service Unavailable',
      message: expect.stringMatching(
        /^out of time while starting a model call: (\d+) of \1 ms went to storage, whose slowest call, one \w+ of \w+ files, took 20000 ms; look at/,
      ),
      code: 'storage_slow',
      request_id: 'gateway-request',
    },
  ])
  expect(api.logged).toMatchObject([
    { level: 'error', message: 'request failed', code: 'storage_slow', cause: body.message },
    {
      message: 'request',
      status: 503,
      neam_storage_ms: expect.any(Number),
      slowest_storage_call: { operation: 'list', files: 'budgets', ms: 20_000 },
    },
  ])
  disk.mend()
  expect((await ask()).status).toBe(200)
})

test('health, figures and Prometheus tell of the slowest call of the newest minutes', async () => {
  const { api, disk, ask } = await slowApi()
  disk.slow(250, (operation) => operation === 'fsync')
  expect((await ask()).status).toBe(200)
  const slowest = { operation: 'fsync', files: 'budgets', ms: 250 }
  const health = await api.call('GET', '/api/v1/health')
  const { calls, ms } = health.body.storage
  expect(health.body.storage).toEqual({ calls: expect.any(Number), ms: expect.any(Number), slowest })
  expect((await api.call('GET', '/api/v1/metrics')).body.storage).toEqual({ calls, ms, slowest })
  const lines = (await api.call('GET', '/metrics')).body.toString().split('\n')
  expect(lines).toContain(`neam_storage_calls ${calls}`)
  expect(lines).toContain(`neam_storage_ms ${ms}`)
  expect(lines).toContain('neam_storage_slowest_ms{operation="fsync",files="budgets"} 250')
})

test('the line of a request on Lambda tells what the storage took of it, and names no call that was not slow', async () => {
  const { api, disk, ask } = await slowApi()
  disk.slow(250, (operation) => operation === 'fsync')
  await ask()
  disk.mend()
  await api.call('GET', '/health')
  const [asked, looked] = api.logged
  expect(asked).toMatchObject({ neam_storage_ms: api.system.world.storageTime.figures().ms })
  expect(looked).toMatchObject({ neam_storage_ms: 0 })
  for (const line of [asked, looked]) expect(line).not.toHaveProperty('slowest_storage_call')
})
