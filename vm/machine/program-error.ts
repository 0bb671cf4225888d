import type { TraceEntry } from '../values/error-value.ts'
import type { Value } from '../values/value.ts'

/** An error that the program did not catch, or could not: `kind` is then `fuel`, `deadline` or `panic`. */
export class ProgramError extends Error {
  /** Of a machine or host error its kind, of a value thrown by the program `thrown`. */
  readonly kind: string
  /** What `catch` would have bound. */
  readonly value: Value
  /** Innermost call first; cut after MAX_TRACE calls. */
  readonly trace: readonly TraceEntry[]

  constructor(
    kind: string,
    message: string,
    value: Value,
    trace: readonly TraceEntry[],
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'ProgramError'
    this.kind = kind
    this.value = value
    this.trace = trace
  }
}

/** Calls that a trace keeps. */
export const MAX_TRACE = 32
