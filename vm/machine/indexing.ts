/** `base[index]`, `base[index] = value`, `base[start:end:step]` (language.md 3.6). */
import { codePointAt, codePointCount, codePointSlice, codePoints } from '../values/code-points.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe } from '../values/type-name.ts'
import { OutcomeValue, StructValue, TupleValue, type Value } from '../values/value.ts'
import { counted } from './construct.ts'
import type { Meter } from './meter.ts'
import { outcomeProperty, setStructField, structField } from './properties.ts'

/** A missing map key is nil; an index beyond either end of a list, tuple or string is an error. */
export function getIndex(base: Value, index: Value, meter: Meter): Value {
  if (Array.isArray(base)) return base[elementIndex('list', base.length, index)]!
  if (base instanceof Map) return base.get(keyOf(index)) ?? null
  if (typeof base === 'string') {
    meter.walk(base.length)
    return codePointAt(base, elementIndex('string', codePointCount(base), index))!
  }
  if (base instanceof TupleValue) return base.items[elementIndex('tuple', base.items.length, index)]!
  if (base instanceof StructValue) return structField(base, keyOf(index))
  if (base instanceof OutcomeValue) return outcomeProperty(base, keyOf(index)) ?? null
  throw new RuntimeError('type', `cannot index ${describe(base)}`)
}

export function setIndex(base: Value, index: Value, value: Value, meter: Meter): void {
  if (Array.isArray(base)) base[elementIndex('list', base.length, index)] = value
  else if (base instanceof Map) setKey(base, index, value, meter)
  else if (base instanceof StructValue) setStructField(base, keyOf(index), value)
  else throw new RuntimeError('type', `cannot assign to an element of ${describe(base)}`)
}

/** Sets a map's entry, adding it when it is new. */
export function setKey(map: Map<string, Value>, key: Value, value: Value, meter: Meter): void {
  meter.items(map.size + 1)
  map.set(keyOf(key), value)
}

function keyOf(key: Value): string {
  if (typeof key === 'string') return key
  throw new RuntimeError('type', `a key must be a string, got ${describe(key)}`)
}

/** Position of an element: truncated, and counted from the end when negative. */
function elementIndex(what: string, length: number, index: Value): number {
  if (typeof index !== 'number' || Number.isNaN(index)) {
    throw new RuntimeError('type', `a ${what} index must be a number, got ${describe(index)}`)
  }
  const whole = Math.trunc(index)
  const position = whole < 0 ? length + whole : whole
  if (position < 0 || position >= length) {
    throw new RuntimeError(
      'index',
      `${what} index ${whole} is out of range: the ${what} has ${counted(length, 'element')}`,
    )
  }
  return position
}

/** Any part may be nil; ends beyond the base are cut; a step of 0 is an error. */
export function slice(base: Value, start: Value, end: Value, step: Value, meter: Meter): Value {
  if (typeof base === 'string') {
    meter.walk(base.length)
    return sliceText(base, start, end, step)
  }
  const items = base instanceof TupleValue ? base.items : base
  if (!Array.isArray(items)) {
    throw new RuntimeError('type', `cannot slice ${describe(base)}: a list, tuple or string can be sliced`)
  }
  const picked = pick(items, sliceBounds(items.length, start, end, step))
  meter.charge(picked.length)
  return base instanceof TupleValue ? new TupleValue(picked) : picked
}

function sliceText(text: string, start: Value, end: Value, step: Value): string {
  const bounds = sliceBounds(codePointCount(text), start, end, step)
  if (bounds.step === 1) return codePointSlice(text, bounds.from, Math.max(bounds.from, bounds.to))
  return pick(codePoints(text), bounds).join('')
}

interface Bounds {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  readonly step: number
}

function sliceBounds(length: number, start: Value, end: Value, step: Value): Bounds {
  const stride = slicePart('step', step) ?? 1
  if (stride === 0) throw new RuntimeError('value', 'the step of a slice must not be 0')
  const lowest = stride > 0 ? 0 : -1
  const highest = stride > 0 ? length : length - 1
  const bound = (part: number | null, otherwise: number): number => {
    if (part === null) return otherwise
    const position = part < 0 ? length + part : part
    return Math.min(Math.max(position, lowest), highest)
  }
  return {
    from: bound(slicePart('start', start), stride > 0 ? lowest : highest),
    to: bound(slicePart('end', end), stride > 0 ? highest : lowest),
    step: stride,
  }
}

function slicePart(name: string, part: Value): number | null {
  if (part === null) return null
  if (typeof part === 'number' && !Number.isNaN(part)) return Math.trunc(part)
  throw new RuntimeError('type', `the ${name} of a slice must be a number, got ${describe(part)}`)
}

function pick<T>(items: readonly T[], { from, to, step }: Bounds): T[] {
  if (step === 1) return items.slice(from, to)
  const picked: T[] = []
  for (let i = from; step > 0 ? i < to : i > to; i += step) picked.push(items[i]!)
  return picked
}
