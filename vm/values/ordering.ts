import { compareText } from './code-points.ts'
import { RuntimeError } from './runtime-error.ts'
import { describe } from './type-name.ts'
import type { Value } from './value.ts'

/**
 * Negative, 0 or positive; NaN when a number is NaN, so that every comparison with it is false. Two numbers or two
 * strings, anything else is an error.
 */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  throw new RuntimeError(
    'type',
    `cannot compare ${describe(a)} with ${describe(b)}: two numbers or two strings can be compared`,
  )
}
