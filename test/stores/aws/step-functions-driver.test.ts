import { describe, expect, test } from '@jest/globals'
import { createStepFunctionsDriver } from '../../../stores/aws/step-functions-driver.ts'
import { awsService, type ServiceAnswer } from './service.ts'

const stateMachineArn = 'arn:aws:states:eu-central-1:123456789012:stateMachine:Forge'
const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:Forge:run-1'
const run = { agent: 'Builder', run: 'run-1', epoch: 4 }

async function driverOf(answer: ServiceAnswer) {
  const { requests, client } = await awsService(() => answer)
  return { requests, driver: createStepFunctionsDriver({ stateMachineArn, ...client }) }
}

const failure = (type: string, status = 400): ServiceAnswer => ({
  status,
  body: { __type: type, message: `arn:aws:states:eu-central-1:123456789012 ${type}` },
})

describe('the Step Functions driver', () => {
  test('starts an execution named by the run, with ids only', async () => {
    const { requests, driver } = await driverOf({ body: { executionArn, startDate: 1_770_000_000 } })
    await driver.start(run)
    expect(requests).toEqual([
      {
        operation: 'StartExecution',
        body: {
          stateMachineArn,
          name: 'run-1',
          input: '{"state":{"agent":"Builder","run":"run-1","epoch":4,"iteration":1}}',
        },
      },
    ])
  })

  test('starts a run again without harm', async () => {
    const { driver } = await driverOf(failure('ExecutionAlreadyExists'))
    await expect(driver.start(run)).resolves.toBeUndefined()
  })

  test('says what failed, and no account number', async () => {
    const { driver } = await driverOf(failure('StateMachineDoesNotExist'))
    await expect(driver.start(run)).rejects.toMatchObject({
      code: 'service_unavailable',
      data: { service: 'Step Functions', problem: 'StateMachineDoesNotExist' },
    })
  })

  test.each([
    ['RUNNING', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
    ['PENDING_REDRIVE', 'running'],
  ])('describes %s as %s', async (status, state) => {
    const { requests, driver } = await driverOf({
      body: { executionArn, stateMachineArn, status, startDate: 1_770_000_000 },
    })
    expect(await driver.describe(run)).toBe(state)
    expect(requests[0]).toEqual({ operation: 'DescribeExecution', body: { executionArn } })
  })

  test('knows nothing of an execution that never started', async () => {
    const { driver } = await driverOf(failure('ExecutionDoesNotExist'))
    expect(await driver.describe(run)).toBe('unknown')
    await expect(driver.abort(run)).resolves.toBeUndefined()
  })

  test('stops an execution', async () => {
    const { requests, driver } = await driverOf({ body: { stopDate: 1_770_000_000 } })
    await driver.abort(run)
    expect(requests[0]).toEqual({
      operation: 'StopExecution',
      body: { executionArn, error: 'Stopped', cause: 'stopped on request' },
    })
  })
})
