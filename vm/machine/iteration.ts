/** What `for`, spread and unpacking walk through. */
import { codePoints } from '../values/code-points.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe } from '../values/type-name.ts'
import { RangeValue, TupleValue, type Value } from '../values/value.ts'
import type { Meter } from './meter.ts'

/** A walk under way. It is no value of the language: only the machine's stack holds one. */
export abstract class Walk {
  /** Of the element that `next` has reached. */
  value: Value = null
  /** Its key: a map's key, otherwise the index. */
  key: Value = null
  /** Goes to the next element; false at the end. */
  abstract next(): boolean
  /** What a loop with one variable gets: maps give `{key, value}`. */
  single(): Value {
    return this.value
  }
}

class ItemWalk extends Walk {
  private index = -1
  private readonly items: readonly Value[]
  /** Elements appended during the loop are not visited. */
  private readonly length: number

  constructor(items: readonly Value[]) {
    super()
    this.items = items
    this.length = items.length
  }

  next(): boolean {
    this.index += 1
    if (this.index >= this.length || this.index >= this.items.length) return false
    this.value = this.items[this.index]!
    this.key = this.index
    return true
  }
}

class RangeWalk extends Walk {
  private index = -1
  private readonly range: RangeValue
  private readonly count: number

  constructor(range: RangeValue) {
    super()
    this.range = range
    this.count = range.count
  }

  next(): boolean {
    this.index += 1
    if (this.index >= this.count) return false
    this.value = this.range.start + this.index * this.range.step
    this.key = this.index
    return true
  }
}

class MapWalk extends Walk {
  private index = -1
  private readonly map: ReadonlyMap<string, Value>
  private readonly keys: readonly string[]

  constructor(map: ReadonlyMap<string, Value>) {
    super()
    this.map = map
    this.keys = [...map.keys()]
  }

  next(): boolean {
    for (;;) {
      this.index += 1
      const key = this.keys[this.index]
      if (key === undefined) return false
      const value = this.map.get(key)
      // removed during the loop
      if (value === undefined) continue
      this.key = key
      this.value = value
      return true
    }
  }

  override single(): Value {
    return new Map<string, Value>([
      ['key', this.key],
      ['value', this.value],
    ])
  }
}

export function walk(value: Value, meter: Meter): Walk {
  if (Array.isArray(value)) return new ItemWalk(value)
  if (value instanceof RangeValue) return new RangeWalk(value)
  if (value instanceof TupleValue) return new ItemWalk(value.items)
  if (value instanceof Map) {
    meter.charge(value.size)
    return new MapWalk(value)
  }
  if (typeof value === 'string') {
    meter.items(value.length)
    meter.charge(value.length)
    return new ItemWalk(codePoints(value))
  }
  throw new RuntimeError(
    'type',
    `cannot iterate over ${describe(value)}: a list, tuple, range, map or string is needed`,
  )
}

/** `[...value]`. */
export function spreadInto(list: Value[], value: Value, meter: Meter): void {
  const elements = walk(value, meter)
  while (elements.next()) {
    meter.tick()
    meter.items(list.length + 1)
    list.push(elements.single())
  }
}

/** `let [a, b] = value`: exactly so many elements; `let [a, ...rest]`: at least so many. */
export function unpackable(value: Value, count: number, rest: boolean): readonly Value[] {
  const items = value instanceof TupleValue ? value.items : value
  if (!Array.isArray(items)) {
    throw new RuntimeError('type', `cannot unpack ${describe(value)}: a list or tuple is needed`)
  }
  if (rest ? items.length < count : items.length !== count) {
    throw new RuntimeError(
      'value',
      `cannot unpack ${items.length} elements into ${rest ? 'at least ' : ''}${count}`,
    )
  }
  return items
}
