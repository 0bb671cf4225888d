/**
 * The values of the language, as JavaScript values: nil is null, a list is an array (shared by reference),
 * a map is a Map with string keys in insertion order. Everything else is one of the classes below.
 */
import type { FunctionProto, SealedType, StructType } from '../../bytecode/module.ts'
import type { AgentRef } from '../host.ts'
import type { Code } from '../machine/code.ts'

export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | Map<string, Value>
  | Closure
  | NativeValue
  | TupleValue
  | RangeValue
  | StructTypeValue
  | StructValue
  | SealedTypeValue
  | VariantValue
  | AgentValue
  | SkillValue
  | OutcomeValue

/** A variable captured by reference. */
export class Cell {
  value: Value
  constructor(value: Value) {
    this.value = value
  }
}

export class Closure {
  readonly code: Code
  readonly cells: readonly Cell[]
  /** Set for a bound method: `self`. */
  readonly self: Value | undefined
  /** How many arguments it can be called with as they stand; -1 for a bound method. */
  readonly direct: number
  constructor(code: Code, cells: readonly Cell[], self?: Value) {
    this.code = code
    this.cells = cells
    this.self = self
    this.direct = self === undefined ? code.arity : -1
  }

  get proto(): FunctionProto {
    return this.code.proto
  }
}

export class NativeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class TupleValue {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    this.items = items
  }
}

/** What a set can hold. */
export type Scalar = null | boolean | number | string

/** A tuple in which no element stands twice: whatever walks or measures tuples does so with sets. */
export class SetValue extends TupleValue {
  override readonly items: readonly Scalar[]
  readonly #members: ReadonlySet<Value>
  /** Of what stands twice, the first counts. */
  constructor(items: readonly Scalar[]) {
    const members = new Set(items)
    const once = [...members]
    super(once)
    this.items = once
    this.#members = members
  }

  has(value: Value): boolean {
    return this.#members.has(value)
  }
}

/** Lazy, end exclusive. */
export class RangeValue {
  readonly start: number
  readonly end: number
  readonly step: number
  constructor(start: number, end: number, step: number) {
    this.start = start
    this.end = end
    this.step = step
  }

  /** How many numbers it has. */
  get count(): number {
    return Math.max(0, Math.ceil((this.end - this.start) / this.step))
  }
}

export class StructTypeValue {
  readonly type: StructType
  constructor(type: StructType) {
    this.type = type
  }
}

export class StructValue {
  readonly type: StructType
  /** One value a field, in the type's order. */
  readonly fields: Value[]
  constructor(type: StructType, fields: Value[]) {
    this.type = type
    this.fields = fields
  }
}

export class SealedTypeValue {
  readonly type: SealedType
  constructor(type: SealedType) {
    this.type = type
  }
}

export class VariantValue {
  readonly type: SealedType
  readonly tag: number
  readonly fields: readonly Value[]
  constructor(type: SealedType, tag: number, fields: readonly Value[]) {
    this.type = type
    this.tag = tag
    this.fields = fields
  }
}

export class AgentValue implements AgentRef {
  readonly kind: AgentRef['kind']
  readonly name: string
  constructor(kind: AgentRef['kind'], name: string) {
    this.kind = kind
    this.name = name
  }
}

/** A skill; callable like a function. */
export class SkillValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * What `.run()` answers (chapter 25.5): matches as a LoopOutcome variant, has six properties and `outcome`,
 * prints as the four-key map of chapter 28.10.
 */
export class OutcomeValue {
  readonly variant: 'Completed' | 'MaxIterations' | 'Aborted' | 'BudgetExhausted'
  readonly properties: ReadonlyMap<string, Value>
  constructor(variant: OutcomeValue['variant'], properties: ReadonlyMap<string, Value>) {
    this.variant = variant
    this.properties = properties
  }
}
