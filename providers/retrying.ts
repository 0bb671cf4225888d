import { Fault } from '../agents/ports/fault.ts'
import type { ModelProvider, ModelReply, ModelRequest, TextListener } from '../agents/ports/model.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import { type Attempt, withRetries } from './retry.ts'

/** The longest time a timer can run. */
export const MAX_TIMER_MS = 2 ** 31 - 1

export interface RetryingOptions {
  /** Name of the provider, for faults. */
  readonly name: string
  readonly free: boolean
  readonly clock: Clock
  readonly timers: Timers
  /** 0 <= x < 1. */
  readonly random: () => number
  /** The vendor's id for a model name of the program. */
  readonly modelId: (model: string) => string
}

/** One attempt to have a request answered. */
export type ModelCall = (
  request: ModelRequest,
  options: { readonly signal: AbortSignal; readonly listener: TextListener | null },
) => Promise<Attempt<ModelReply>>

/** A provider out of single attempts: retries, deadline and cancellation are the same for every vendor. */
export function retryingProvider(options: RetryingOptions, call: ModelCall): ModelProvider {
  const { name, clock, timers, random, free } = options
  return {
    free,
    async complete(asked, { signal, deadlineAt, listener }) {
      signal.throwIfAborted()
      const left = deadlineAt - clock.now()
      if (left <= 0) throw new Fault('provider_timeout', { provider: name })
      const request = { ...asked, model: options.modelId(asked.model) }
      const deadline = timers.deadline(Math.min(left, MAX_TIMER_MS))
      const either = AbortSignal.any([signal, deadline.signal])
      const heard = listener ? resettable(listener) : null
      const attemptOnce = async (): Promise<Attempt<ModelReply>> => {
        const outcome = await call(request, { signal: either, listener: heard })
        if (outcome.kind === 'failed') heard?.reset()
        return outcome
      }
      try {
        return await withRetries(attemptOnce, { clock, timers, random, signal: either, deadlineAt })
      } catch (error) {
        heard?.reset()
        signal.throwIfAborted()
        if (deadline.signal.aborted) throw new Fault('provider_timeout', { provider: name })
        throw error
      } finally {
        deadline.cancel()
      }
    },
  }
}

/** Is told to forget only what it was told. */
function resettable(listener: TextListener): TextListener {
  let told = false
  return {
    delta(text) {
      told = true
      listener.delta(text)
    },
    reset() {
      if (told) listener.reset()
      told = false
    },
  }
}
