/** Values and JSON: maps keep their order, and no key is special. */
import { MAX_JSON_DEPTH, parseJson } from './json-reader.ts'
import { RuntimeError } from './runtime-error.ts'
import { outcomeWord } from './text.ts'
import { describe } from './type-name.ts'
import { OutcomeValue, RangeValue, StructValue, TupleValue, type Value, VariantValue } from './value.ts'

export { MAX_JSON_DEPTH, parseJson }

/**
 * The JSON form of a value as plain JavaScript data: structs are objects of their fields, variants objects that start
 * with `variant`, tuples and ranges arrays; NaN and the infinities are null. RuntimeError of kind `json` for functions,
 * agents and types, for a value that contains itself and for nesting beyond MAX_JSON_DEPTH.
 */
export const toJson = (value: Value): unknown =>
  reduce<unknown>(value, {
    leaf: (leaf) => leaf,
    list: (items) => items,
    // fromEntries defines own properties, so that `__proto__` is a key like any other
    map: (entries) => Object.fromEntries(entries),
  })

/**
 * Compact JSON text, keys in the order of the map. Errors as `toJson`; a text beyond `maxLength` UTF-16 units is one of
 * kind `limit`.
 */
export function stringify(value: Value, maxLength: number = 2 ** 26): string {
  const sized = (text: string): string => {
    if (text.length > maxLength) {
      throw new RuntimeError('limit', `a text would be longer than ${maxLength} characters`)
    }
    return text
  }
  return sized(
    reduce<string>(value, {
      leaf: (leaf) => JSON.stringify(leaf),
      list: (items) => sized(`[${items.join(',')}]`),
      map: (entries) =>
        sized(`{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`),
    }),
  )
}

/** Plain JSON data as a value; what JSON cannot hold (undefined, functions) becomes nil. */
export function fromJson(data: unknown): Value {
  if (typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean') return data
  if (Array.isArray(data)) return data.map(fromJson)
  if (typeof data === 'object' && data !== null) {
    return new Map(Object.entries(data).map(([key, value]) => [key, fromJson(value)]))
  }
  return null
}

interface Build<T> {
  leaf(value: null | boolean | number | string): T
  list(items: T[]): T
  map(entries: [string, T][]): T
}

function reduce<T>(value: Value, build: Build<T>): T {
  const open = new Set<object>()
  const inside = <R>(identity: object, content: () => R): R => {
    if (open.has(identity)) throw new RuntimeError('json', 'a value that contains itself has no JSON form')
    if (open.size >= MAX_JSON_DEPTH) {
      throw new RuntimeError('json', `nested deeper than ${MAX_JSON_DEPTH} levels`)
    }
    open.add(identity)
    const result = content()
    open.delete(identity)
    return result
  }
  const list = (identity: object, items: readonly Value[]): T =>
    inside(identity, () => build.list(items.map(visit)))
  const map = (identity: object, entries: Iterable<readonly [string, Value]>): T =>
    inside(identity, () => build.map(Array.from(entries, ([key, item]) => [key, visit(item)])))

  const visit = (value: Value): T => {
    if (typeof value === 'number') return build.leaf(Number.isFinite(value) ? value : null)
    if (value === null || typeof value !== 'object') return build.leaf(value)
    if (Array.isArray(value)) return list(value, value)
    if (value instanceof Map) return map(value, value)
    if (value instanceof TupleValue) return list(value, value.items)
    if (value instanceof RangeValue) return list(value, rangeItems(value))
    if (value instanceof StructValue) {
      return map(
        value,
        value.type.fields.map(({ name }, i) => [name, value.fields[i]!] as const),
      )
    }
    if (value instanceof VariantValue) {
      const variant = value.type.variants[value.tag]!
      const fields = variant.fields.map((name, i) => [name, value.fields[i]!] as const)
      return map(value, [['variant', variant.name], ...fields])
    }
    if (value instanceof OutcomeValue)
      return map(value, [['outcome', outcomeWord(value)], ...value.properties])
    throw new RuntimeError('json', `${describe(value)} has no JSON form`)
  }
  return visit(value)
}

/** More elements than this are refused: a range is small, its list is not. */
const MAX_RANGE = 1_000_000

function rangeItems(range: RangeValue): number[] {
  const count = range.count
  if (count > MAX_RANGE) {
    throw new RuntimeError('limit', `a range of ${count} has no JSON form: at most ${MAX_RANGE}`)
  }
  return Array.from({ length: count }, (_, i) => range.start + i * range.step)
}
