import { expect, test } from '@jest/globals'
import { createLambdaTurnWorker } from '../../../stores/aws/turn-worker.ts'
import { faultOf } from '../../support/faults.ts'
import { awsService } from './service.ts'

const place = { agent: 'Bot', key: 'user/1', turn: 'turn1' }

test('a turn is handed over as an event of the worker function', async () => {
  const { requests, client } = await awsService(() => ({ status: 202, body: null }))
  await createLambdaTurnWorker({ functionName: 'Worker', ...client }).take(place)
  expect(requests).toEqual([{ operation: 'POST /2015-03-31/functions/Worker/invocations', body: place }])
})

test('the trace of whoever hands the turn over goes with it', async () => {
  const { requests, client } = await awsService(() => ({ status: 202, body: null }))
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  for (const current of [traceparent, null]) {
    const worker = createLambdaTurnWorker({ functionName: 'Worker', traceparent: () => current, ...client })
    await worker.take(place)
  }
  expect(requests.map(({ body }) => body)).toEqual([{ ...place, traceparent }, place])
})

test('a worker that cannot be reached is a fault that names it', async () => {
  const { client } = await awsService(() => ({
    status: 404,
    body: { __type: 'ResourceNotFoundException', Message: 'Function not found' },
  }))
  const fault = await faultOf(createLambdaTurnWorker({ functionName: 'Worker', ...client }).take(place))
  expect([fault.code, fault.data.service]).toEqual(['service_unavailable', 'the worker of turns'])
})
