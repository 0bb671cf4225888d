/** `base.name` and `base.name = value`, but for methods and agents, which need the program: see `members.ts`. */

import { NONE, OPTION } from '../values/option.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { outcomeWord } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import {
  OutcomeValue,
  RangeValue,
  SealedTypeValue,
  StructValue,
  TupleValue,
  type Value,
  VariantValue,
} from '../values/value.ts'
import { variantOf } from './construct.ts'
import type { Meter } from './meter.ts'

/** A property that the value itself holds; undefined when it holds none of that name. A map has every property. */
export function ownProperty(base: Value, name: string): Value | undefined {
  if (base instanceof Map) return base.get(name) ?? null
  if (base instanceof StructValue) return base.fields[fieldIndex(base, name)]
  if (base instanceof OutcomeValue) return outcomeProperty(base, name)
  if (base instanceof VariantValue) {
    if (base.type === OPTION && name === 'has_value') return base !== NONE
    return base.fields[base.type.variants[base.tag]!.fields.indexOf(name)]
  }
  if (base instanceof SealedTypeValue) return variantOf(base.type, name, [])
  if (base instanceof TupleValue) return /^\d+$/.test(name) ? base.items[Number(name)] : undefined
  if (base instanceof RangeValue) {
    return name === 'start' || name === 'end' || name === 'step' ? base[name] : undefined
  }
  return undefined
}

export const outcomeProperty = (outcome: OutcomeValue, name: string): Value | undefined =>
  name === 'outcome' ? outcomeWord(outcome) : outcome.properties.get(name)

export function structField(base: StructValue, name: string): Value {
  const value = base.fields[fieldIndex(base, name)]
  if (value === undefined) throw noProperty(base, name)
  return value
}

export function setStructField(base: StructValue, name: string, value: Value): void {
  const index = fieldIndex(base, name)
  if (index < 0) throw noProperty(base, name)
  if (!base.type.mutable) {
    throw new RuntimeError(
      'property',
      `${base.type.name} is immutable: declare it \`mut struct ${base.type.name}\` to assign ${name}`,
    )
  }
  base.fields[index] = value
}

export function setProperty(base: Value, name: string, value: Value, meter: Meter): void {
  if (base instanceof Map) {
    meter.items(base.size + 1)
    base.set(name, value)
  } else if (base instanceof StructValue) setStructField(base, name, value)
  else throw new RuntimeError('property', `cannot assign property ${name} of ${describe(base)}`)
}

export const noProperty = (base: Value, name: string): RuntimeError =>
  new RuntimeError(base === null ? 'type' : 'property', `${describe(base)} has no property ${name}`)

const fieldIndex = (value: StructValue, name: string): number =>
  value.type.fields.findIndex((field) => field.name === name)
