import type { Clock, Timers } from '../agents/ports/time.ts'
import type { Failure } from './failure.ts'

const ATTEMPTS = 3
const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 8000

export interface RetryOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** 0 <= x < 1. */
  readonly random: () => number
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly deadlineAt: number
}

export type Attempt<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | ({ readonly kind: 'failed' } & Failure)

/**
 * The one retry layer of all providers: at most three attempts. Waits as long as the vendor asked, else a random
 * part of 1, then 2 seconds; when the wait would outlast the deadline, the failure is thrown at once.
 */
export async function withRetries<T>(attempt: () => Promise<Attempt<T>>, options: RetryOptions): Promise<T> {
  const { clock, timers, random, signal, deadlineAt } = options
  for (let tries = 1; ; tries++) {
    const outcome = await attempt()
    if (outcome.kind === 'answer') return outcome.answer
    if (!outcome.again || tries === ATTEMPTS) throw outcome.fault
    const backoff = random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1))
    const wait = outcome.fault.retryAfterMs ?? backoff
    if (clock.now() + wait >= deadlineAt) throw outcome.fault
    await timers.sleep(wait, signal)
  }
}
