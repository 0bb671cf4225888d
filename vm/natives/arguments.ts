/** The arguments of one native call, read by position and type; a wrong one is an error that names it. */
import type { Host } from '../host.ts'
import type { Meter } from '../machine/meter.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { textOf } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import { Closure, NativeValue, SkillValue, StructTypeValue, type Value } from '../values/value.ts'
import type { Native } from './native.ts'

export class Arguments {
  readonly host: Host
  readonly meter: Meter
  private readonly native: Native
  /** The receiver of a method, then the arguments. */
  private readonly values: readonly Value[]

  constructor(native: Native, values: readonly Value[], host: Host, meter: Meter) {
    this.native = native
    this.values = values
    this.host = host
    this.meter = meter
  }

  get count(): number {
    return this.values.length - this.native.receivers
  }

  get all(): readonly Value[] {
    return this.native.receivers === 0 ? this.values : this.values.slice(1)
  }

  /** What a method was called on. */
  get receiver(): Value {
    return this.values[0]!
  }

  /** Nil when left out. */
  value(index: number): Value {
    return this.values[index + this.native.receivers] ?? null
  }

  given(index: number): boolean {
    return index < this.count
  }

  text(index: number): string {
    const value = this.value(index)
    if (typeof value === 'string') return value
    throw this.wrong(index, 'a string')
  }

  number(index: number): number {
    const value = this.value(index)
    if (typeof value === 'number') return value
    throw this.wrong(index, 'a number')
  }

  /** A whole number; `otherwise` when left out. */
  integer(index: number, otherwise?: number): number {
    if (otherwise !== undefined && !this.given(index)) return otherwise
    const value = this.number(index)
    if (Number.isInteger(value)) return value
    throw this.wrong(index, 'a whole number')
  }

  /** A whole number from 0. */
  size(index: number, otherwise?: number): number {
    const value = this.integer(index, otherwise)
    if (value >= 0) return value
    throw this.wrong(index, 'a number from 0')
  }

  list(index: number): Value[] {
    const value = this.value(index)
    if (Array.isArray(value)) return value
    throw this.wrong(index, 'a list')
  }

  map(index: number): Map<string, Value> {
    const value = this.value(index)
    if (value instanceof Map) return value
    throw this.wrong(index, 'a map')
  }

  callable(index: number): Value {
    const value = this.value(index)
    if (isCallable(value)) return value
    throw this.wrong(index, 'a function')
  }

  /** The text form of any value. */
  textOf(value: Value): string {
    const text = textOf(value, this.meter.limits.maxTextLength)
    this.meter.text(text.length)
    return text
  }

  /** An error of this call: `split: argument 1 must be a string, got nil`. */
  wrong(index: number, expected: string): RuntimeError {
    const { name, firstArgument } = this.native
    return new RuntimeError(
      'type',
      `${name}: argument ${index + firstArgument} must be ${expected}, got ${describe(this.value(index))}`,
    )
  }

  /** An error of this call that no type describes. */
  invalid(problem: string): RuntimeError {
    return new RuntimeError('value', `${this.native.name}: ${problem}`)
  }
}

export const isCallable = (value: Value): boolean =>
  value instanceof Closure ||
  value instanceof NativeValue ||
  value instanceof SkillValue ||
  value instanceof StructTypeValue
