/** Milliseconds since 1970, UTC. The only source of time for agents. */
export interface Clock {
  now(): number
}

export interface Timers {
  /** Resolves after `ms`, or at once when the signal aborts (then rejects with its reason). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A signal that aborts after `ms`; `cancel` frees it. */
  deadline(ms: number): { readonly signal: AbortSignal; cancel(): void }
}
