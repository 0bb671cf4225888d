/** Sorting by functions of the program, which may suspend: each sorts a copy, then puts it into the list. Both are stable. */
import type { Meter } from '../machine/meter.ts'
import { compare } from '../values/ordering.ts'
import type { Value } from '../values/value.ts'
import type { Steps } from './native.ts'

/** By a key that `f` gives of each element. */
export function* sortByKey(list: Value[], f: Value, meter: Meter): Steps {
  const keyed: { readonly key: Value; readonly item: Value }[] = []
  for (const item of [...list]) keyed.push({ key: yield { callee: f, args: [item] }, item })
  meter.charge(keyed.length * Math.ceil(Math.log2(keyed.length + 1)))
  keyed.sort((a, b) => compare(a.key, b.key))
  return refilled(
    list,
    keyed.map(({ item }) => item),
  )
}

/**
 * By what `f` says of two elements: a merge sort that yields its comparisons. One generator, not one that calls others:
 * each comparison costs as many resumptions as generators are nested.
 */
export function* sortByComparison(list: Value[], f: Value): Steps {
  let from = [...list]
  let into: Value[] = new Array<Value>(from.length).fill(null)
  const { length } = from
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      // merges from[left..middle) and from[right..end); of equals the left one comes first
      const middle = Math.min(start + width, length)
      const end = Math.min(start + 2 * width, length)
      let left = start
      let right = middle
      for (let i = start; i < end; i += 1) {
        const takesRight =
          left >= middle ||
          (right < end && comesFirst(yield { callee: f, args: [from[right]!, from[left]!] }))
        into[i] = takesRight ? from[right++]! : from[left++]!
      }
    }
    ;[from, into] = [into, from]
  }
  return refilled(list, from)
}

/** What a comparison answers for "the first argument comes first": a negative number or true. */
const comesFirst = (answer: Value): boolean => (typeof answer === 'number' ? answer < 0 : answer === true)

/** `f` may have changed the list meanwhile: what was sorted is what stands there afterwards. */
function refilled(list: Value[], items: readonly Value[]): Value[] {
  list.length = 0
  for (const item of items) list.push(item)
  return list
}
