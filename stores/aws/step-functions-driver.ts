import type { DriverState, ForgeDriver, RunPlace } from '../../agents/ports/forge-driver.ts'
import { lazily } from '../../agents/ports/lazily.ts'
import { executionName, executionOf, firstState } from '../../statemachine/contract.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from './client-options.ts'

export interface StepFunctionsOptions extends AwsClientOptions {
  /** `arn:aws:states:<region>:<account>:stateMachine:<name>` */
  readonly stateMachineArn: string
}

/**
 * One Standard execution a run, named by the run id, and successors of it for long runs (statemachine/contract.ts);
 * inputs hold ids only.
 */
export function createStepFunctionsDriver(options: StepFunctionsOptions): ForgeDriver {
  const { stateMachineArn, ...clientOptions } = options
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-sfn')
    return { sdk, client: new sdk.SFNClient(withTimeouts(clientOptions)) }
  })
  const executionArn = (name: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
  /** The execution that does the run's iteration, and the one that it may just have handed over to. */
  const executionArns = ({ run, iteration }: RunPlace) => {
    const current = executionOf(Math.max(1, iteration))
    return [current, current + 1].map((execution) => executionArn(executionName(run, execution)))
  }

  const describeExecution = async (arn: string): Promise<DriverState> => {
    const { client, sdk } = await load()
    try {
      const { status } = await client.send(new sdk.DescribeExecutionCommand({ executionArn: arn }))
      return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended'
    } catch (error) {
      if (error instanceof sdk.ExecutionDoesNotExist) return 'unknown'
      throw unavailable('Step Functions', error)
    }
  }

  return {
    kind: 'states',
    async start({ agent, run, epoch }, traceparent) {
      const { client, sdk } = await load()
      const input = JSON.stringify({ state: firstState({ agent, run, epoch }, traceparent) })
      try {
        await client.send(new sdk.StartExecutionCommand({ stateMachineArn, name: run, input }))
      } catch (error) {
        // Run ids are never used twice: an execution of this name is this run's.
        if (error instanceof sdk.ExecutionAlreadyExists) return
        throw unavailable('Step Functions', error)
      }
    },
    async describe(run): Promise<DriverState> {
      let known: DriverState = 'unknown'
      for (const arn of executionArns(run)) {
        const state = await describeExecution(arn)
        if (state === 'running') return state
        if (state === 'ended') known = state
      }
      return known
    },
    async wake(taskToken) {
      const { client, sdk } = await load()
      try {
        await client.send(new sdk.SendTaskSuccessCommand({ taskToken, output: '{}' }))
      } catch (error) {
        // It was woken before, or gave up waiting: the execution has gone on.
        if (error instanceof sdk.TaskTimedOut || error instanceof sdk.TaskDoesNotExist) return
        throw unavailable('Step Functions', error)
      }
    },
  }
}
