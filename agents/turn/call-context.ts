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
  /** When a worker goes on in the caller's place; null or left out = never. A tool call has its own calls made to their end. */
  readonly handOver?: HandOver | null
  /** Where text of strangers in what is passed on came from (agents/turn/taint.ts); left out = there is none. */
  readonly taint?: readonly string[]
}

/** A turn whose caller cannot wait for ever (design 5). */
export interface HandOver {
  /** When the caller must have an answer, ms since 1970. A model call under way is cut off then, and repeated. */
  readonly at: number
  /** With less time left, no model call and no tool call begins. */
  readonly leastMs: number
}

/** The circumstances of a call to an agent from within another one's. */
export const nestedCall = <C extends CallContext>(call: C): C => ({
  ...call,
  depth: call.depth + 1,
  handOver: null,
})

export interface HeldSession {
  readonly ref: SessionRef
  readonly lease: Lease
}
