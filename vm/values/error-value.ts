/**
 * What `catch (err)` binds for an error that the machine or the host raised: a map of `message`, `kind`, `file` and
 * `line` that prints as its message. Values thrown by the program itself arrive as they are.
 */
import type { Value } from './value.ts'

/** One call of a trace, innermost first. Line and column are 1-based, 0 when unknown. */
export interface TraceEntry {
  readonly function: string
  readonly file: string
  readonly line: number
  readonly column: number
}

export class ErrorValue extends Map<string, Value> {
  /** Where it was raised first: throwing it again does not lose the place. */
  readonly trace: readonly TraceEntry[]
  /** The host's error, when that is what was raised. */
  readonly cause: Error | null

  constructor(kind: string, message: string, trace: readonly TraceEntry[], cause: Error | null = null) {
    super([
      ['message', message],
      ['kind', kind],
      ['file', trace[0]?.file ?? null],
      ['line', trace[0]?.line ?? null],
    ])
    this.trace = trace
    this.cause = cause
  }
}
