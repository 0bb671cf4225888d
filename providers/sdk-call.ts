import type { ModelReply, ModelRequest } from '../agents/ports/model.ts'
import { type Failure, sdkFailure, unreadable } from './failure.ts'
import type { ModelCall, RetryingOptions } from './retrying.ts'

/**
 * A vendor's package as single attempts: `ask` has a request answered by it, `read` understands the answer (null = it
 * does not), `explain` tells why `ask` threw.
 */
export const sdkCall =
  (
    { name, clock }: Pick<RetryingOptions, 'name' | 'clock'>,
    ask: (request: ModelRequest, attempt: Parameters<ModelCall>[1]) => Promise<unknown>,
    read: (answer: unknown, request: ModelRequest) => ModelReply | null,
    explain: (provider: string, error: unknown, now: number) => Failure = sdkFailure,
  ): ModelCall =>
  async (request, attempt) => {
    let answer: unknown
    try {
      answer = await ask(request, attempt)
    } catch (error) {
      if (attempt.signal.aborted) throw error
      return { kind: 'failed', ...explain(name, error, clock.now()) }
    }
    const reply = read(answer, request)
    return reply === null ? { kind: 'failed', ...unreadable(name) } : { kind: 'answer', answer: reply }
  }
