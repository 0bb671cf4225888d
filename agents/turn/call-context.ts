import type { Lease, SessionRef } from '../ports/sessions.ts'

/** The circumstances of a call. Whatever is called within it gets them passed on. */
export interface CallContext {
  /** Agent calls on the way here, this one included; 0 = the program's own top level. */
  readonly depth: number
  /** Milliseconds since 1970; Infinity = no limit. */
  readonly deadlineAt: number
  readonly signal: AbortSignal
  readonly requestId: string | null
  /** What the turns above hold: a turn nested in one of them works under its lease instead of waiting for itself. */
  readonly holding: readonly HeldSession[]
}

export interface HeldSession {
  readonly ref: SessionRef
  readonly lease: Lease
}
