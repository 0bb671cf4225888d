import type { DriverState, ForgeDriver } from '../../agents/ports/forge-driver.ts'
import { type AwsClientOptions, lazily, unavailable, withTimeouts } from './client-options.ts'

export interface StepFunctionsOptions extends AwsClientOptions {
  /** `arn:aws:states:<region>:<account>:stateMachine:<name>` */
  readonly stateMachineArn: string
}

/** One Standard execution a run, named by the run id; its input holds ids only. */
export function createStepFunctionsDriver(options: StepFunctionsOptions): ForgeDriver {
  const { stateMachineArn, ...clientOptions } = options
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-sfn')
    return { sdk, client: new sdk.SFNClient(withTimeouts(clientOptions)) }
  })
  const executionArn = (run: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${run}`

  return {
    kind: 'states',
    async start({ agent, run, epoch }) {
      const { client, sdk } = await load()
      const input = JSON.stringify({ state: { agent, run, epoch, iteration: 1 } })
      try {
        await client.send(new sdk.StartExecutionCommand({ stateMachineArn, name: run, input }))
      } catch (error) {
        // Run ids are never used twice: an execution of this name is this run's.
        if (error instanceof sdk.ExecutionAlreadyExists) return
        throw unavailable('Step Functions', error)
      }
    },
    async describe({ run }): Promise<DriverState> {
      const { client, sdk } = await load()
      try {
        const { status } = await client.send(
          new sdk.DescribeExecutionCommand({ executionArn: executionArn(run) }),
        )
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended'
      } catch (error) {
        if (error instanceof sdk.ExecutionDoesNotExist) return 'unknown'
        throw unavailable('Step Functions', error)
      }
    },
    async abort({ run }) {
      const { client, sdk } = await load()
      try {
        await client.send(
          new sdk.StopExecutionCommand({
            executionArn: executionArn(run),
            error: 'Stopped',
            cause: 'stopped on request',
          }),
        )
      } catch (error) {
        if (error instanceof sdk.ExecutionDoesNotExist) return
        throw unavailable('Step Functions', error)
      }
    },
  }
}
