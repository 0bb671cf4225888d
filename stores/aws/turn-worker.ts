import { lazily } from '../../agents/ports/lazily.ts'
import type { TurnWorker } from '../../agents/ports/turn-worker.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from './client-options.ts'

export interface LambdaTurnWorkerOptions extends AwsClientOptions {
  /** Name or ARN. */
  readonly functionName: string
  /** W3C trace context of whoever hands a turn over; null = none. Left out = nothing is traced. */
  traceparent?(): string | null
}

const SERVICE = 'the worker of turns'

/** Invokes the worker function and does not wait for it: Lambda keeps the event, and repeats it when the worker fails. */
export function createLambdaTurnWorker({
  functionName,
  traceparent,
  ...options
}: LambdaTurnWorkerOptions): TurnWorker {
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-lambda')
    return { sdk, client: new sdk.LambdaClient(withTimeouts(options)) }
  })
  return {
    async take({ agent, key, turn }) {
      const trace = traceparent?.() ?? null
      const { client, sdk } = await load()
      try {
        await client.send(
          new sdk.InvokeCommand({
            FunctionName: functionName,
            InvocationType: 'Event',
            Payload: Buffer.from(
              JSON.stringify({ agent, key, turn, ...(trace === null ? {} : { traceparent: trace }) }),
            ),
          }),
        )
      } catch (error) {
        throw unavailable(SERVICE, error)
      }
    },
  }
}
