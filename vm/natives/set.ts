/** `set(...)` and the methods of sets. A set never changes: what adds or removes gives another. */
import { type Scalar, SetValue, type Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { methodsOf } from './method.ts'
import { type Native, plain, table } from './native.ts'

export const SET_NATIVES: readonly Native[] = [
  plain('set(...values)', 'A set of nil, bools, numbers and strings, each once.', (call) =>
    setOf(call, call.all, (index) => call.wrong(index, WANTED)),
  ),
]

const WANTED = 'nil, a bool, a number or a string'

const { method } = methodsOf<SetValue>()

export const SET_METHODS = table([
  method('len()', 'Number of elements.', (of) => of.items.length),
  method('is_empty()', 'Whether it has no elements.', (of) => of.items.length === 0),
  method('contains(value)', 'Whether value is an element.', (of, call) => of.has(call.value(0))),
  method('add(value)', 'A set with value, too.', (of, call) =>
    of.has(call.value(0)) ? of : made(call, [...of.items, scalar(call, 0)]),
  ),
  method('remove(value)', 'A set without value.', (of, call) =>
    of.has(call.value(0)) ? less(call, of, new SetValue([scalar(call, 0)])) : of,
  ),
  method('union(set)', 'A set of the elements of both.', (of, call) =>
    made(call, [...of.items, ...other(call).items]),
  ),
  method('intersection(set)', 'A set of the elements that both have.', (of, call) => {
    const both = other(call)
    return made(
      call,
      of.items.filter((item) => both.has(item)),
    )
  }),
  method('difference(set)', 'A set of its elements that the other has not.', (of, call) =>
    less(call, of, other(call)),
  ),
  method('is_subset(set)', 'Whether the other has all its elements.', (of, call) => {
    call.meter.charge(of.items.length)
    const whole = other(call)
    return of.items.every((item) => whole.has(item))
  }),
  method('to_list()', 'List of its elements.', (of, call) => {
    call.meter.charge(of.items.length)
    return [...of.items]
  }),
])

/** The set of a list; `wrong` makes the error of an element that no set can hold. */
export function setOf(call: Arguments, values: readonly Value[], wrong: (index: number) => Error): SetValue {
  const strange = values.findIndex((value) => !isScalar(value))
  if (strange >= 0) throw wrong(strange)
  return made(call, values as readonly Scalar[])
}

function made(call: Arguments, items: readonly Scalar[]): SetValue {
  call.meter.charge(items.length)
  const set = new SetValue(items)
  call.meter.items(set.items.length)
  return set
}

const less = (call: Arguments, of: SetValue, without: SetValue): SetValue =>
  made(
    call,
    of.items.filter((item) => !without.has(item)),
  )

function other(call: Arguments): SetValue {
  const value = call.value(0)
  if (value instanceof SetValue) return value
  throw call.wrong(0, 'a set')
}

function scalar(call: Arguments, index: number): Scalar {
  const value = call.value(index)
  if (isScalar(value)) return value
  throw call.wrong(index, WANTED)
}

const isScalar = (value: Value): value is Scalar => value === null || typeof value !== 'object'
