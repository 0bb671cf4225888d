import { describe, expect, test } from '@jest/globals'
import { createStepFunctionsDriver } from '../../../stores/aws/step-functions-driver.ts'
import { awsService, type ServiceAnswer } from './service.ts'

const stateMachineArn = 'arn:aws:states:eu-central-1:123456789012:stateMachine:Forge'
const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:Forge:run-1'
const run = { agent: 'Builder', run: 'run-1', epoch: 4 }
const place = { ...run, iteration: 1 }

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
    expect(await driver.describe(place)).toBe(state)
    expect(requests[0]).toEqual({ operation: 'DescribeExecution', body: { executionArn } })
  })

  test('knows nothing of an execution that never started', async () => {
    const { driver } = await driverOf(failure('ExecutionDoesNotExist'))
    expect(await driver.describe(place)).toBe('unknown')
  })

  test('wakes the execution that waits under a task token', async () => {
    const { requests, driver } = await driverOf({ body: {} })
    await driver.wake('the token')
    expect(requests).toEqual([
      { operation: 'SendTaskSuccess', body: { taskToken: 'the token', output: '{}' } },
    ])
  })

  test.each(['TaskTimedOut', 'TaskDoesNotExist'])(
    'leaves an execution that does not wait (%s)',
    async (type) => {
      const { driver } = await driverOf(failure(type))
      await expect(driver.wake('the token')).resolves.toBeUndefined()
    },
  )

  test('says that it could not wake an execution', async () => {
    const { driver } = await driverOf(failure('InvalidToken'))
    await expect(driver.wake('the token')).rejects.toMatchObject({ code: 'service_unavailable' })
  })

  test('follows a long run to its successors', async () => {
    const arn = (name: string) => executionArn.replace(/run-1$/, name)
    const statuses: Record<string, string> = { [arn('run-1-2')]: 'SUCCEEDED', [arn('run-1-3')]: 'RUNNING' }
    const { requests, client } = await awsService(({ body }) => {
      const status = statuses[String(body.executionArn)]
      return status === undefined
        ? failure('ExecutionDoesNotExist')
        : { body: { executionArn, stateMachineArn, status, startDate: 1_770_000_000 } }
    })
    const driver = createStepFunctionsDriver({ stateMachineArn, ...client })
    // 1,000 is the last iteration of the second execution; 1,001 is done by the third.
    expect(await driver.describe({ ...run, iteration: 1000 })).toBe('running')
    expect(await driver.describe({ ...run, iteration: 1001 })).toBe('running')
    statuses[arn('run-1-3')] = 'FAILED'
    expect(await driver.describe({ ...run, iteration: 1500 })).toBe('ended')
    expect(requests.map(({ body }) => body.executionArn)).toEqual(
      ['run-1-2', 'run-1-3', 'run-1-3', 'run-1-3', 'run-1-4'].map(arn),
    )
  })
})
