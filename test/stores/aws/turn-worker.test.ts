import { describe, expect, test } from '@jest/globals'
import { createLambdaTurnWorker } from '../../../stores/aws/turn-worker.ts'
import { faultOf } from '../../support/faults.ts'
import { awsService } from './service.ts'

const place = { agent: 'Bot', key: 'user/1', turn: 'turn1' }
const options = { functionName: 'Worker', clock: { now: () => 0 } }

test('a turn is handed over as an event of the worker function', async () => {
  const { requests, client } = await awsService(() => ({ status: 202, body: null }))
  await createLambdaTurnWorker({ ...options, ...client }).take(place)
  expect(requests).toEqual([{ operation: 'POST /2015-03-31/functions/Worker/invocations', body: place }])
})

test('the trace of whoever hands the turn over goes with it', async () => {
  const { requests, client } = await awsService(() => ({ status: 202, body: null }))
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  for (const current of [traceparent, null]) {
    const worker = createLambdaTurnWorker({ ...options, traceparent: () => current, ...client })
    await worker.take(place)
  }
  expect(requests.map(({ body }) => body)).toEqual([{ ...place, traceparent }, place])
})

test('a worker that cannot be reached is a fault that names it', async () => {
  const { client } = await awsService(() => ({
    status: 404,
    body: { __type: 'ResourceNotFoundException', Message: 'Function not found' },
  }))
  const fault = await faultOf(createLambdaTurnWorker({ ...options, ...client }).take(place))
  expect([fault.code, fault.data.service]).toEqual(['service_unavailable', 'the worker of turns'])
})

describe('a turn that was found without a worker', () => {
  const found = { isLeft: true }

  test('gets none while the one that was asked for may still be starting', async () => {
    const { requests, client } = await awsService(() => ({ status: 202, body: null }))
    let now = 1_000
    const worker = createLambdaTurnWorker({ ...options, clock: { now: () => now }, ...client })
    await worker.take(place)
    for (const at of [1_000, 3_000, 15_999]) {
      now = at
      await worker.take(place, found)
      await worker.take({ ...place, turn: 'turn2' }, found)
    }
    expect(requests.map(({ body }) => body)).toEqual([place, { ...place, turn: 'turn2' }])
    now = 16_000
    await worker.take(place, found)
    expect(requests).toHaveLength(3)
  })

  test('gets one when the first could not be invoked', async () => {
    let status = 404
    const { requests, client } = await awsService(() => ({ status, body: null }))
    const worker = createLambdaTurnWorker({ ...options, ...client })
    await faultOf(worker.take(place))
    status = 202
    await worker.take(place, found)
    expect(requests).toHaveLength(2)
  })
})

test('a turn that may go on after a decision is handed over again at once', async () => {
  const { requests, client } = await awsService(() => ({ status: 202, body: null }))
  const worker = createLambdaTurnWorker({ ...options, ...client })
  await worker.take(place)
  await worker.take(place)
  expect(requests).toHaveLength(2)
})
