/** Sorting lists in place: each sorts a copy, then puts it into the list. All are stable. */
import type { Meter } from '../machine/meter.ts'
import { compare } from '../values/ordering.ts'
import type { Value } from '../values/value.ts'
import type { Steps } from './native.ts'

/** Elements that are sorted, or merged, between two looks at the clock: about a millisecond. */
const PIECE = 4096

/** A sorted copy. Each piece is paid for before it is worked on, and yields. */
function* sorted<T>(
  items: readonly T[],
  order: (a: T, b: T) => number,
  meter: Meter,
): Generator<void, readonly T[]> {
  const { length } = items
  let from: T[] = []
  for (let start = 0; start < length; start += PIECE) {
    const piece = items.slice(start, start + PIECE)
    meter.charge(piece.length * Math.ceil(Math.log2(piece.length + 1)))
    from.push(...piece.sort(order))
    yield
  }
  let into = [...from]
  for (let width = PIECE; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      // merges from[left..middle) and from[right..end); of equals the left one comes first
      const middle = Math.min(start + width, length)
      const end = Math.min(start + 2 * width, length)
      let left = start
      let right = middle
      for (let i = start; i < end; i += 1) {
        if (i % PIECE === 0) {
          meter.charge(Math.min(PIECE, length - i))
          yield
        }
        const takesRight = left >= middle || (right < end && order(from[right]!, from[left]!) < 0)
        into[i] = takesRight ? from[right++]! : from[left++]!
      }
    }
    ;[from, into] = [into, from]
  }
  return from
}

/** Numbers or strings by their order. */
export function* sortByOrder(list: Value[], meter: Meter): Generator<void, Value[]> {
  return refilled(list, yield* sorted(list, compare, meter))
}

/** By a key that `f` gives of each element. */
export function* sortByKey(list: Value[], f: Value, meter: Meter): Steps {
  const keyed: { readonly key: Value; readonly item: Value }[] = []
  for (const item of [...list]) keyed.push({ key: yield { callee: f, args: [item] }, item })
  const work = sorted(keyed, (a, b) => compare(a.key, b.key), meter)
  let step = work.next()
  // It cannot give way here, but ends with an error when fuel or time runs out.
  while (!step.done) step = work.next()
  return refilled(
    list,
    step.value.map(({ item }) => item),
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

/** The program may have changed the list meanwhile: what was sorted is what stands there afterwards. */
function refilled(list: Value[], items: readonly Value[]): Value[] {
  list.length = 0
  for (const item of items) list.push(item)
  return list
}
