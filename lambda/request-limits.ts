import type { Edge } from './edge.ts'
import { Refusal } from './refusal.ts'

/** Over which requests of a caller are counted. */
const WINDOW_MS = 60_000

export interface RequestLimitOptions {
  /** Requests of one caller in any 60 seconds; null = no limit. */
  readonly perMinute: number | null
  /** Requests of one caller at the same time; null = no limit. */
  readonly concurrent: number | null
}

export interface Exceeded {
  readonly admitted: false
  readonly scope: 'requests_per_minute' | 'concurrent_requests'
  readonly limit: number
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number
}

export type Admission = { readonly admitted: true; release(): void } | Exceeded

interface Caller {
  active: number
  /** When requests were admitted in the window, oldest first; at most `perMinute`. */
  admittedAt: readonly number[]
}

/** Counts the requests of each caller of one process (behaviour D4): a sliding window, and those in hand. */
export class RequestLimits {
  readonly #callers = new Map<string, Caller>()

  /** A refused request counts for nothing. An admitted one is in hand until `release`, which may be called again. */
  admit(name: string, nowMs: number, { perMinute, concurrent }: RequestLimitOptions): Admission {
    const caller = this.#caller(name, nowMs)
    if (concurrent !== null && caller.active >= concurrent) {
      return { admitted: false, scope: 'concurrent_requests', limit: concurrent, retryAfterSeconds: 1 }
    }
    if (perMinute !== null) {
      const oldest = caller.admittedAt.at(-perMinute)
      if (oldest !== undefined) {
        const retryAfterSeconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - nowMs) / 1000))
        return { admitted: false, scope: 'requests_per_minute', limit: perMinute, retryAfterSeconds }
      }
      caller.admittedAt = [...caller.admittedAt, nowMs]
    }
    caller.active += 1
    let released = false
    return {
      admitted: true,
      release: () => {
        if (!released) caller.active -= 1
        released = true
      },
    }
  }

  #caller(name: string, nowMs: number): Caller {
    const found = this.#callers.get(name)
    if (found) {
      found.admittedAt = inWindow(found, nowMs)
      return found
    }
    // Without configured keys a caller may name itself anew each time: who has nothing left to count is forgotten.
    for (const [known, caller] of this.#callers) {
      if (caller.active === 0 && inWindow(caller, nowMs).length === 0) this.#callers.delete(known)
    }
    const added: Caller = { active: 0, admittedAt: [] }
    this.#callers.set(name, added)
    return added
  }
}

/** What lies ahead was counted before the clock was set back: nobody is to wait until it has caught up. */
const inWindow = ({ admittedAt }: Caller, nowMs: number): readonly number[] =>
  admittedAt.filter((at) => at > nowMs - WINDOW_MS && at <= nowMs)

const counters = new WeakMap<Edge, RequestLimits>()

/** The counts of a process: they live as long as its edge. */
export function requestLimitsOf(edge: Edge): RequestLimits {
  let found = counters.get(edge)
  if (!found) {
    found = new RequestLimits()
    counters.set(edge, found)
  }
  return found
}

/** 429 with when to come back. */
export function rateLimited(
  sentence: string,
  {
    scope,
    limit,
    retryAfterSeconds,
  }: Omit<Exceeded, 'scope'> & { readonly scope: Exceeded['scope'] | 'wrong_keys_per_minute' },
): Refusal {
  return new Refusal(429, 'rate_limited', `${sentence}; try again in ${retryAfterSeconds} s`, {
    headers: { 'retry-after': String(retryAfterSeconds) },
    details: { scope, limit },
  })
}
