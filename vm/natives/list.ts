/** Methods of lists. Those that take a function are generators, because that function may suspend. */
import { contains } from '../machine/operators.ts'
import { isEqual } from '../values/equality.ts'
import { compare } from '../values/ordering.ts'
import { isTrue } from '../values/truth.ts'
import { describe } from '../values/type-name.ts'
import { Closure, TupleValue, type Value } from '../values/value.ts'
import { type Arguments, isCallable } from './arguments.ts'
import { methodsOf } from './method.ts'
import { table } from './native.ts'
import { setOf } from './set.ts'
import { sortByComparison, sortByKey, sortByOrder } from './sort.ts'
import { joinTexts } from './string.ts'
import { inTurns } from './turns.ts'

const { method, calling, later } = methodsOf<Value[]>()

export const LIST_METHODS = table([
  method('push(value)', 'Appends in place; the list.', (list, call) => {
    call.meter.items(list.length + 1)
    list.push(call.value(0))
    return list
  }),
  method('pop()', 'Takes the last element away; nil when there is none.', (list) => list.pop() ?? null),
  method('len()', 'Number of elements.', (list) => list.length),
  method('is_empty()', 'Whether it has no elements.', (list) => list.length === 0),
  method('get(index)', 'An element, from the end when negative; nil when there is none.', (list, call) => {
    return list.at(call.integer(0)) ?? null
  }),
  method('set(index, value)', 'Replaces an element in place; the list.', (list, call) => {
    const index = call.integer(0)
    const position = index < 0 ? list.length + index : index
    if (position < 0 || position >= list.length) throw call.invalid(`there is no element ${index}`)
    list[position] = call.value(1)
    return list
  }),
  method('insert(index, value)', 'Puts a value before an element, in place; the list.', (list, call) => {
    const index = call.size(0)
    if (index > list.length) throw call.invalid(`there is no place ${index}`)
    call.meter.items(list.length + 1)
    call.meter.charge(list.length - index)
    list.splice(index, 0, call.value(1))
    return list
  }),
  method('remove(index)', 'Takes an element away, in place; that element.', (list, call) => {
    const index = call.size(0)
    if (index >= list.length) throw call.invalid(`there is no element ${index}`)
    call.meter.charge(list.length - index)
    return list.splice(index, 1)[0]!
  }),
  method('clear()', 'Takes all elements away; the list.', (list) => {
    list.length = 0
    return list
  }),
  method('contains(value)', 'Whether an element equals value.', (list, call) =>
    contains(list, call.value(0), call.meter),
  ),
  method('index_of(value)', 'Where an element first equals value, -1 when none does.', (list, call) => {
    call.meter.charge(list.length)
    return list.findIndex((item) => isEqual(item, call.value(0), (pairs) => call.meter.charge(pairs)))
  }),
  method('first()', 'The first element; nil when there is none.', (list) => list[0] ?? null),
  method('last()', 'The last element; nil when there is none.', (list) => list.at(-1) ?? null),
  method('take(count)', 'The first so many elements.', (list, call) =>
    made(call, list.slice(0, call.size(0))),
  ),
  method('skip(count)', 'All but the first so many elements.', (list, call) =>
    made(call, list.slice(call.size(0))),
  ),
  method(
    'slice(start, end?)',
    'Elements from start to before end; negatives count from the end.',
    (list, call) => made(call, list.slice(call.integer(0), call.integer(1, list.length))),
  ),
  method('concat(list)', 'A list of the elements of both.', (list, call) => {
    call.meter.items(list.length + call.list(0).length)
    return made(call, [...list, ...call.list(0)])
  }),
  method('copy()', 'A list of the same elements.', (list, call) => made(call, [...list])),
  method('reverse()', 'Turns it round in place; the list.', (list, call) => made(call, list.reverse())),
  later('sort()', 'Sorts numbers or strings in place; the list.', (list, call) =>
    inTurns(sortByOrder(list, call.meter), call),
  ),
  calling(
    'sort_by(f)',
    'Sorts in place by a key f(x), or by f(a, b): negative or true when a comes first.',
    (list, call) => {
      const f = call.callable(0)
      return arityOf(f) === 2 ? sortByComparison(list, f) : sortByKey(list, f, call.meter)
    },
  ),
  calling('map(f)', 'A list of f(x).', function* (list, call) {
    const f = call.callable(0)
    const result: Value[] = []
    for (const item of [...list]) result.push(yield { callee: f, args: [item] })
    return result
  }),
  calling('flat_map(f)', 'The elements of all lists f(x).', function* (list, call) {
    const f = call.callable(0)
    const result: Value[] = []
    for (const item of [...list]) appendFlat(result, yield { callee: f, args: [item] }, call)
    return result
  }),
  calling('filter(f)', 'The elements for which f(x) is true.', function* (list, call) {
    const f = call.callable(0)
    const result: Value[] = []
    for (const item of [...list]) if (isTrue(yield { callee: f, args: [item] })) result.push(item)
    return result
  }),
  calling('fold(initial, f)', 'f(f(initial, first), second) and so on.', function* (list, call) {
    const f = call.callable(1)
    let result = call.value(0)
    for (const item of [...list]) result = yield { callee: f, args: [result, item] }
    return result
  }),
  calling(
    'find(f)',
    'The first element for which f(x) is true; nil when there is none.',
    function* (list, call) {
      const f = call.callable(0)
      for (const item of [...list]) if (isTrue(yield { callee: f, args: [item] })) return item
      return null
    },
  ),
  calling('any(f)', 'Whether f(x) is true for an element.', function* (list, call) {
    const f = call.callable(0)
    for (const item of [...list]) if (isTrue(yield { callee: f, args: [item] })) return true
    return false
  }),
  calling('all(f)', 'Whether f(x) is true for all elements.', function* (list, call) {
    const f = call.callable(0)
    for (const item of [...list]) if (!isTrue(yield { callee: f, args: [item] })) return false
    return true
  }),
  calling(
    'count(f?)',
    'How many elements there are, or equal a value, or have f(x) true.',
    function* (list, call) {
      if (!call.given(0)) return list.length
      const wanted = call.value(0)
      let count = 0
      for (const item of [...list]) {
        const counts = isCallable(wanted)
          ? isTrue(yield { callee: wanted, args: [item] })
          : isEqual(item, wanted, (pairs) => call.meter.charge(pairs))
        if (counts) count += 1
      }
      return count
    },
  ),
  calling('for_each(f)', 'Calls f(x) for every element; nil.', function* (list, call) {
    const f = call.callable(0)
    for (const item of [...list]) yield { callee: f, args: [item] }
    return null
  }),
  calling('group_by(f)', 'A map from the text of f(x) to the list of its elements.', function* (list, call) {
    const f = call.callable(0)
    const groups = new Map<string, Value[]>()
    for (const item of [...list]) {
      const key = call.textOf(yield { callee: f, args: [item] })
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [item])
      else group.push(item)
    }
    return groups
  }),
  method('flatten()', 'The elements of all lists in it, and the other elements.', (list, call) => {
    const result: Value[] = []
    for (const item of list) appendFlat(result, item, call)
    return result
  }),
  method('zip(list)', 'A list of pairs, as long as the shorter one.', (list, call) => {
    const other = call.list(0)
    const length = Math.min(list.length, other.length)
    return made(
      call,
      list.slice(0, length).map((item, i) => new TupleValue([item, other[i]!])),
    )
  }),
  method('enumerate()', 'A list of pairs (index, element).', (list, call) =>
    made(
      call,
      list.map((item, i) => new TupleValue([i, item])),
    ),
  ),
  later('unique()', 'Every element once, in the order of first occurrence.', (list, call) =>
    inTurns(unique(list, call), call),
  ),
  method('to_set()', 'The set of its elements: nil, bools, numbers and strings.', (list, call) =>
    setOf(call, list, (index) => call.invalid(`a set holds no ${describe(list[index]!)}`)),
  ),
  method('chunk(size)', 'Lists of so many elements each; the last may be shorter.', (list, call) => {
    const size = call.size(0)
    if (size === 0) throw call.wrong(0, 'a number from 1')
    const count = Math.ceil(list.length / size)
    return made(
      call,
      Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size)),
    )
  }),
  method('min()', 'The smallest element; nil when there is none.', (list, call) => extreme(list, -1, call)),
  method('max()', 'The largest element; nil when there is none.', (list, call) => extreme(list, 1, call)),
  method('sum()', 'The sum of its numbers.', (list, call) => sum(list, call)),
  method('mean()', 'The mean of its numbers; nil when there are none.', (list, call) =>
    list.length === 0 ? null : sum(list, call) / list.length,
  ),
  method('join(separator?)', 'Its texts with the separator between them.', (list, call) =>
    joinTexts(list, call.given(0) ? call.text(0) : '', call),
  ),
])

/** A list that was just made, paid for by its length. */
function made(call: Arguments, list: Value[]): Value[] {
  call.meter.charge(list.length)
  return list
}

function appendFlat(result: Value[], value: Value, call: Arguments): void {
  const items = Array.isArray(value) ? value : [value]
  call.meter.items(result.length + items.length)
  call.meter.charge(items.length)
  for (const item of items) result.push(item)
}

/** Simple values by a set, all others by `==`. */
function* unique(list: Value[], { meter }: Arguments): Generator<void, Value[]> {
  const simple = new Set<Value>()
  const others: Value[] = []
  const result: Value[] = []
  const isNew = (item: Value): boolean => {
    if (item === null || typeof item !== 'object') return !simple.has(item) && simple.add(item) !== null
    return !contains(others, item, meter) && others.push(item) > 0
  }
  for (const item of [...list]) {
    meter.tick()
    if (isNew(item)) result.push(item)
    if (meter.turnIsOver) yield
  }
  return result
}

function extreme(list: readonly Value[], direction: -1 | 1, call: Arguments): Value {
  call.meter.charge(list.length)
  let best = list[0]
  if (best === undefined) return null
  for (const item of list) if (compare(item, best) * direction > 0) best = item
  return best
}

function sum(list: readonly Value[], call: Arguments): number {
  call.meter.charge(list.length)
  let total = 0
  for (const item of list) {
    if (typeof item !== 'number')
      throw call.invalid(`every element must be a number, got ${call.textOf(item)}`)
    total += item
  }
  return total
}

/** How many arguments a function takes; natives count as taking one. */
const arityOf = (f: Value): number =>
  f instanceof Closure ? f.proto.params.length - (f.self === undefined ? 0 : 1) : 1
