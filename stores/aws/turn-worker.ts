import { lazily } from '../../agents/ports/lazily.ts'
import type { Clock } from '../../agents/ports/time.ts'
import type { TurnWorker } from '../../agents/ports/turn-worker.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from './client-options.ts'

export interface LambdaTurnWorkerOptions extends AwsClientOptions {
  /** Name or ARN. */
  readonly functionName: string
  readonly clock: Clock
  /** W3C trace context of whoever hands a turn over; null = none. Left out = nothing is traced. */
  traceparent?(): string | null
}

const SERVICE = 'the worker of turns'

/** Until then an invoked worker holds its session, or will not. */
const STARTING_MS = 15_000

/**
 * Invokes the worker function and does not wait for it: Lambda keeps the event, and repeats it when the worker fails. A
 * turn whose status is asked for while its worker starts gets no second one, which would wait, and cost, as long as the
 * first.
 */
export function createLambdaTurnWorker({
  functionName,
  clock,
  traceparent,
  ...options
}: LambdaTurnWorkerOptions): TurnWorker {
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-lambda')
    return { sdk, client: new sdk.LambdaClient(withTimeouts(options)) }
  })
  /** When each turn was handed over, oldest first. */
  const starting = new Map<string, number>()
  const forgetStarted = (): void => {
    for (const [turn, since] of starting) {
      if (clock.now() - since < STARTING_MS) return
      starting.delete(turn)
    }
  }
  return {
    async take({ agent, key, turn }, { isLeft = false } = {}) {
      forgetStarted()
      if (isLeft && starting.has(turn)) return
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
        starting.delete(turn)
        starting.set(turn, clock.now())
      } catch (error) {
        throw unavailable(SERVICE, error)
      }
    },
  }
}
