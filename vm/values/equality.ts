/**
 * `==`: type first, then value; containers deeply, functions and agents by identity (language.md 3.3). Works from a
 * list of pairs, not by recursion, and takes a pair that it has met for equal: neither depth, nor cycles, nor shared
 * parts can make it hang.
 */
import {
  AgentValue,
  NativeValue,
  OutcomeValue,
  RangeValue,
  SealedTypeValue,
  SetValue,
  SkillValue,
  StructTypeValue,
  StructValue,
  TupleValue,
  type Value,
  VariantValue,
} from './value.ts'

/** `charge` is told how many pairs were compared when containers were involved. */
export function isEqual(a: Value, b: Value, charge?: (pairs: number) => void): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const comparison = new Comparison(a, b)
  const equal = comparison.run()
  charge?.(comparison.pairs)
  return equal
}

class Comparison {
  pairs = 0
  private readonly todo: [Value, Value][]
  /** Pairs met: each is compared already or waits in `todo`; one difference anywhere ends everything. */
  private readonly met = new Map<object, Set<object>>()

  constructor(a: Value, b: Value) {
    this.todo = [[a, b]]
  }

  run(): boolean {
    for (let pair = this.todo.pop(); pair !== undefined; pair = this.todo.pop()) {
      this.pairs += 1
      if (!this.same(pair[0], pair[1])) return false
    }
    return true
  }

  private same(a: Value, b: Value): boolean {
    if (a === b) return true
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
    if (this.wasMet(a, b)) return true
    if (Array.isArray(a)) return Array.isArray(b) && this.sameItems(a, b)
    if (a instanceof Map) return b instanceof Map && this.sameEntries(a, b)
    if (a instanceof StructValue) {
      return b instanceof StructValue && a.type === b.type && this.sameItems(a.fields, b.fields)
    }
    if (a instanceof VariantValue) {
      return (
        b instanceof VariantValue &&
        a.type === b.type &&
        a.tag === b.tag &&
        this.sameItems(a.fields, b.fields)
      )
    }
    if (a instanceof SetValue || b instanceof SetValue) return this.sameMembers(a, b)
    if (a instanceof TupleValue) return b instanceof TupleValue && this.sameItems(a.items, b.items)
    if (a instanceof OutcomeValue) {
      return (
        b instanceof OutcomeValue && a.variant === b.variant && this.sameEntries(a.properties, b.properties)
      )
    }
    if (a instanceof RangeValue) {
      return b instanceof RangeValue && a.start === b.start && a.end === b.end && a.step === b.step
    }
    return sameNamed(a, b)
  }

  private sameItems(a: readonly Value[], b: readonly Value[]): boolean {
    if (a.length !== b.length) return false
    for (let i = 0; i < a.length; i += 1) this.todo.push([a[i]!, b[i]!])
    return true
  }

  /** In any order; what sets hold is compared at once. */
  private sameMembers(a: object, b: object): boolean {
    if (!(a instanceof SetValue && b instanceof SetValue) || a.items.length !== b.items.length) return false
    this.pairs += a.items.length
    return a.items.every((item) => b.has(item))
  }

  private sameEntries(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
    if (a.size !== b.size) return false
    for (const [key, value] of a) {
      const other = b.get(key)
      if (other === undefined) return false
      this.todo.push([value, other])
    }
    return true
  }

  private wasMet(a: object, b: object): boolean {
    const partners = this.met.get(a)
    if (partners === undefined) this.met.set(a, new Set([b]))
    else if (partners.has(b)) return true
    else partners.add(b)
    return false
  }
}

/** Things that a program can only name: the same name, the same thing. */
function sameNamed(a: object, b: object): boolean {
  if (a instanceof NativeValue) return b instanceof NativeValue && a.name === b.name
  if (a instanceof AgentValue) return b instanceof AgentValue && a.name === b.name
  if (a instanceof SkillValue) return b instanceof SkillValue && a.name === b.name
  if (a instanceof StructTypeValue) return b instanceof StructTypeValue && a.type === b.type
  return a instanceof SealedTypeValue && b instanceof SealedTypeValue && a.type === b.type
}
