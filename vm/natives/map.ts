/** Methods of maps: entries in the order in which their keys were first set. */
import { isTrue } from '../values/truth.ts'
import { TupleValue, type Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { methodsOf } from './method.ts'
import { table } from './native.ts'
import { RESULT_METHODS } from './result.ts'

type ValueMap = Map<string, Value>

const { method, calling } = methodsOf<ValueMap>()

export const MAP_METHODS = table([
  method(
    'get(key)',
    'The value of a key; nil when it is missing.',
    (map, call) => map.get(call.text(0)) ?? null,
  ),
  method('get_or(key, otherwise)', 'The value of a key, or what is given for a missing one.', (map, call) => {
    return map.get(call.text(0)) ?? call.value(1)
  }),
  method('insert(key, value)', 'Sets a key in place; the map.', insert),
  method('set(key, value)', 'Sets a key in place; the map.', insert),
  method('contains(key)', 'Whether it has the key.', (map, call) => map.has(call.text(0))),
  method('has(key)', 'Whether it has the key.', (map, call) => map.has(call.text(0))),
  method('remove(key)', 'Takes a key away, in place; its value, nil when it was missing.', (map, call) => {
    const key = call.text(0)
    const value = map.get(key) ?? null
    map.delete(key)
    return value
  }),
  method('keys()', 'List of its keys.', (map, call) => made(call, [...map.keys()])),
  method('values()', 'List of its values.', (map, call) => made(call, [...map.values()])),
  method('entries()', 'List of {key, value}.', (map, call) => made(call, entryMaps(map))),
  method('to_list()', 'List of pairs (key, value).', (map, call) =>
    made(
      call,
      Array.from(map, ([key, value]) => new TupleValue([key, value])),
    ),
  ),
  method('len()', 'Number of keys.', (map) => map.size),
  method('size()', 'Number of keys.', (map) => map.size),
  method('is_empty()', 'Whether it has no keys.', (map) => map.size === 0),
  method('clear()', 'Takes all keys away; the map.', (map) => {
    map.clear()
    return map
  }),
  method('copy()', 'A map of the same entries.', (map, call) => copied(call, map)),
  method('merge(map)', 'A map of the entries of both; those of the argument win.', (map, call) => {
    call.meter.items(map.size + call.map(0).size)
    const merged = copied(call, map)
    for (const [key, value] of call.map(0)) merged.set(key, value)
    return merged
  }),
  calling('map_values(f)', 'A map with f(value) for every value.', function* (map, call) {
    const f = call.callable(0)
    const result: ValueMap = new Map()
    for (const [key, value] of [...map]) result.set(key, yield { callee: f, args: [value] })
    return result
  }),
  calling('filter(f)', 'The entries for which f(key, value) is true.', function* (map, call) {
    const f = call.callable(0)
    const result: ValueMap = new Map()
    for (const [key, value] of [...map]) {
      if (isTrue(yield { callee: f, args: [key, value] })) result.set(key, value)
    }
    return result
  }),
  calling('find(f)', 'The first {key, value} for which f(key, value) is true; nil.', function* (map, call) {
    const f = call.callable(0)
    for (const [key, value] of [...map]) {
      if (isTrue(yield { callee: f, args: [key, value] })) return entryMap(key, value)
    }
    return null
  }),
  calling('for_each(f)', 'Calls f(key, value) for every entry; nil.', function* (map, call) {
    const f = call.callable(0)
    for (const [key, value] of [...map]) yield { callee: f, args: [key, value] }
    return null
  }),
  calling('count(f?)', 'How many entries there are, or have f(key, value) true.', function* (map, call) {
    if (!call.given(0)) return map.size
    const f = call.callable(0)
    let count = 0
    for (const [key, value] of [...map]) if (isTrue(yield { callee: f, args: [key, value] })) count += 1
    return count
  }),
  ...RESULT_METHODS,
])

function insert(map: ValueMap, call: Arguments): Value {
  call.meter.items(map.size + 1)
  map.set(call.text(0), call.value(1))
  return map
}

function copied(call: Arguments, map: ValueMap): ValueMap {
  call.meter.charge(map.size)
  return new Map(map)
}

function made(call: Arguments, list: Value[]): Value[] {
  call.meter.charge(list.length)
  return list
}

const entryMap = (key: string, value: Value): Value =>
  new Map<string, Value>([
    ['key', key],
    ['value', value],
  ])

const entryMaps = (map: ValueMap): Value[] => Array.from(map, ([key, value]) => entryMap(key, value))
