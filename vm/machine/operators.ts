/** What the operators mean. The run loop does the common cases itself and comes here for the rest. */
import { codePointCount } from '../values/code-points.ts'
import { isEqual } from '../values/equality.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { textOf } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import { RangeValue, TupleValue, type Value } from '../values/value.ts'
import type { Meter } from './meter.ts'

/** Numbers add; a string on either side joins the texts of both. */
export function add(a: Value, b: Value, meter: Meter): Value {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (typeof a === 'string' || typeof b === 'string') {
    const { maxTextLength } = meter.limits
    const left = textOf(a, maxTextLength)
    const right = textOf(b, maxTextLength)
    meter.text(left.length + right.length)
    return left + right
  }
  throw new RuntimeError(
    'type',
    `cannot add ${describe(a)} and ${describe(b)}: + takes two numbers, or a string on either side`,
  )
}

export function subtract(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  throw twoNumbers('-', a, b)
}

/** Numbers multiply; a string and a number, in either order, repeat the string. */
export function multiply(a: Value, b: Value, meter: Meter): Value {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (typeof a === 'string' && typeof b === 'number') return repeat(a, b, meter)
  if (typeof a === 'number' && typeof b === 'string') return repeat(b, a, meter)
  throw twoNumbers('*', a, b)
}

/** Real division: 5 / 2 is 2.5. */
export function divide(a: Value, b: Value): Value {
  if (typeof a !== 'number' || typeof b !== 'number') throw twoNumbers('/', a, b)
  if (b === 0) throw new RuntimeError('zero_division', 'division by zero')
  return a / b
}

/** The sign follows the dividend. */
export function remainder(a: Value, b: Value): Value {
  if (typeof a !== 'number' || typeof b !== 'number') throw twoNumbers('%', a, b)
  if (b === 0) throw new RuntimeError('zero_division', 'remainder of a division by zero')
  return a % b
}

export function negate(value: Value): Value {
  if (typeof value === 'number') return -value
  throw new RuntimeError('type', `cannot negate ${describe(value)}: unary - takes a number`)
}

/** `a in b`: an element of a list, tuple or range, a key of a map, a part of a string. */
export function contains(container: Value, element: Value, meter: Meter): boolean {
  if (typeof container === 'string') {
    if (typeof element === 'string') {
      meter.walk(container.length)
      return container.includes(element)
    }
    throw new RuntimeError('type', `cannot look for ${describe(element)} in a string: only for a string`)
  }
  if (container instanceof Map) return typeof element === 'string' && container.has(element)
  if (container instanceof RangeValue) return typeof element === 'number' && rangeHas(container, element)
  const items = container instanceof TupleValue ? container.items : container
  if (Array.isArray(items)) {
    meter.charge(items.length)
    const charge = (pairs: number): void => meter.charge(pairs)
    return items.some((item) => isEqual(item, element, charge))
  }
  throw new RuntimeError(
    'type',
    `cannot look into ${describe(container)}: \`in\` takes a list, tuple, range, map or string`,
  )
}

export function rangeHas(range: RangeValue, number: number): boolean {
  const index = (number - range.start) / range.step
  return Number.isInteger(index) && index >= 0 && index < range.count
}

/** A text so many times; nothing for 0 and below. */
export function repeat(text: string, times: number, meter: Meter): string {
  if (!Number.isInteger(times)) {
    throw new RuntimeError(
      'value',
      `cannot repeat a string ${describe(times)} times: a whole number is needed`,
    )
  }
  const count = Math.max(0, times)
  meter.text(text.length * count)
  return text.repeat(count)
}

/** `len(x)`; null for what has no length. */
export function lengthOf(value: Value): number | null {
  if (typeof value === 'string') return codePointCount(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof Map) return value.size
  if (value instanceof TupleValue) return value.items.length
  return value instanceof RangeValue ? value.count : null
}

const twoNumbers = (operator: string, a: Value, b: Value): RuntimeError =>
  new RuntimeError(
    'type',
    `cannot compute ${describe(a)} ${operator} ${describe(b)}: ${operator} takes two numbers`,
  )

export const notCallable = (what: string): RuntimeError =>
  new RuntimeError('type', `cannot call ${what}: it is no function`)
