/** Methods of ranges, tuples and options. */
import { contains, rangeHas } from '../machine/operators.ts'
import { NONE, some } from '../values/option.ts'
import { isTrue } from '../values/truth.ts'
import { RangeValue, type TupleValue, type Value, type VariantValue } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { methodsOf } from './method.ts'
import { table } from './native.ts'

const range = methodsOf<RangeValue>()

function numbers(of: RangeValue, call: Arguments): Value[] {
  call.meter.items(of.count)
  call.meter.charge(of.count)
  return Array.from({ length: of.count }, (_, i) => of.start + i * of.step)
}

export const RANGE_METHODS = table([
  range.method('len()', 'How many numbers it has.', (of) => of.count),
  range.method('contains(number)', 'Whether it reaches a number.', (of, call) =>
    rangeHas(of, call.number(0)),
  ),
  range.method('to_list()', 'List of its numbers.', numbers),
  range.method('reverse()', 'The same numbers from the last to the first.', (of) => {
    const last = of.start + (of.count - 1) * of.step
    return of.count === 0 ? of : new RangeValue(last, of.start - of.step, -of.step)
  }),
  range.calling('map(f)', 'A list of f(number).', function* (of, call) {
    const f = call.callable(0)
    const result: Value[] = []
    for (const number of numbers(of, call)) result.push(yield { callee: f, args: [number] })
    return result
  }),
  range.calling('filter(f)', 'List of the numbers for which f(number) is true.', function* (of, call) {
    const f = call.callable(0)
    const result: Value[] = []
    for (const number of numbers(of, call))
      if (isTrue(yield { callee: f, args: [number] })) result.push(number)
    return result
  }),
  range.calling('for_each(f)', 'Calls f(number) for every number; nil.', function* (of, call) {
    const f = call.callable(0)
    for (const number of numbers(of, call)) yield { callee: f, args: [number] }
    return null
  }),
])

const tuple = methodsOf<TupleValue>()

export const TUPLE_METHODS = table([
  tuple.method('len()', 'Number of elements.', (of) => of.items.length),
  tuple.method(
    'get(index)',
    'An element; nil when there is none.',
    (of, call) => of.items.at(call.integer(0)) ?? null,
  ),
  tuple.method('contains(value)', 'Whether an element equals value.', (of, call) =>
    contains(of, call.value(0), call.meter),
  ),
  tuple.method('to_list()', 'List of its elements.', (of) => [...of.items]),
])

const option = methodsOf<VariantValue>()

/** What `Some` holds; undefined for `None`. */
const held = (of: VariantValue): Value | undefined => of.fields[0]

export const OPTION_METHODS = table([
  option.method('is_some()', 'Whether it holds a value.', (of) => held(of) !== undefined),
  option.method('is_none()', 'Whether it holds nothing.', (of) => held(of) === undefined),
  option.method('unwrap()', 'Its value; an error when it holds none.', (of, call) => {
    const value = held(of)
    if (value === undefined) throw call.invalid('None holds no value')
    return value
  }),
  option.method(
    'unwrap_or(otherwise)',
    'Its value, or what is given.',
    (of, call) => held(of) ?? call.value(0),
  ),
  option.method('to_list()', 'A list of its value, or an empty one.', (of) => [...of.fields]),
  option.calling('map(f)', 'Some of f(value); None stays None.', function* (of, call) {
    const f = call.callable(0)
    const value = held(of)
    return value === undefined ? NONE : some(yield { callee: f, args: [value] })
  }),
  option.calling('and_then(f)', 'f(value), which gives an option; None stays None.', function* (of, call) {
    const f = call.callable(0)
    const value = held(of)
    return value === undefined ? NONE : yield { callee: f, args: [value] }
  }),
  option.calling('or_else(f)', 'Itself, or f() for None.', function* (of, call) {
    const f = call.callable(0)
    return held(of) === undefined ? yield { callee: f, args: [] } : of
  }),
])
