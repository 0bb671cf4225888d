/** Sorting by functions of the program, which may suspend: a merge sort that yields its comparisons. */
import type { Meter } from '../machine/meter.ts'
import { compare } from '../values/ordering.ts'
import type { Value } from '../values/value.ts'
import type { Callback } from './native.ts'

type Stepwise<T> = Generator<Callback, T, Value>

/** A sorted copy; stable. `arity` 2: f compares two elements. Otherwise f gives an element's key. */
export function* sorted(items: readonly Value[], f: Value, arity: number, meter: Meter): Stepwise<Value[]> {
  if (arity === 2) return yield* mergeSorted([...items], f)
  const keyed: { readonly key: Value; readonly item: Value }[] = []
  for (const item of [...items]) keyed.push({ key: yield { callee: f, args: [item] }, item })
  meter.charge(keyed.length * Math.ceil(Math.log2(keyed.length + 1)))
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item)
}

function* mergeSorted(items: Value[], f: Value): Stepwise<Value[]> {
  let from = items
  let into: Value[] = new Array<Value>(items.length).fill(null)
  for (let width = 1; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width) {
      yield* merge(
        from,
        into,
        start,
        Math.min(start + width, items.length),
        Math.min(start + 2 * width, items.length),
        f,
      )
    }
    ;[from, into] = [into, from]
  }
  return from
}

/** Merges from[start..middle) and from[middle..end) into `into`; of equals the left one comes first. */
function* merge(
  from: readonly Value[],
  into: Value[],
  start: number,
  middle: number,
  end: number,
  f: Value,
): Stepwise<void> {
  let left = start
  let right = middle
  for (let i = start; i < end; i += 1) {
    const takeRight =
      left >= middle || (right < end && comesFirst(yield { callee: f, args: [from[right]!, from[left]!] }))
    into[i] = takeRight ? from[right++]! : from[left++]!
  }
}

/** What a comparison answers for "the first argument comes first": a negative number or true. */
const comesFirst = (answer: Value): boolean => (typeof answer === 'number' ? answer < 0 : answer === true)
