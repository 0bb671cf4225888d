/** Making struct values and variants, taking them apart again. */
import type { SealedType, StructType } from '../../bytecode/module.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe } from '../values/type-name.ts'
import { OutcomeValue, StructValue, type Value, VariantValue } from '../values/value.ts'

/** `Pt(1, 2)`. */
export function structByPosition(type: StructType, values: readonly Value[]): StructValue {
  if (values.length !== type.fields.length) {
    throw new RuntimeError(
      'arity',
      `${type.name} has ${counted(type.fields.length, 'field')}, got ${values.length}`,
    )
  }
  return new StructValue(type, [...values])
}

/** `Pt(x: 1)`: a field that is not named gets its default, else nil. */
export function structByName(
  type: StructType,
  names: readonly string[],
  values: readonly Value[],
): StructValue {
  const fields = type.fields.map((field): Value => field.initial ?? null)
  setNamed(type, fields, names, values)
  return new StructValue(type, fields)
}

/** `p with (x: 9)`. */
export function copyWith(base: Value, names: readonly string[], values: readonly Value[]): StructValue {
  if (!(base instanceof StructValue)) {
    throw new RuntimeError('type', `\`with\` copies a struct value, got ${describe(base)}`)
  }
  const fields = [...base.fields]
  setNamed(base.type, fields, names, values)
  return new StructValue(base.type, fields)
}

function setNamed(
  type: StructType,
  fields: Value[],
  names: readonly string[],
  values: readonly Value[],
): void {
  names.forEach((name, i) => {
    const index = type.fields.findIndex((field) => field.name === name)
    if (index < 0) {
      const known = type.fields.map((field) => field.name).join(', ')
      throw new RuntimeError('property', `${type.name} has no field ${name}; it has: ${known}`)
    }
    fields[index] = values[i]!
  })
}

/** `T.V(a, b)` by number. */
export function makeVariant(type: SealedType, tag: number, values: readonly Value[]): VariantValue {
  const variant = type.variants[tag]!
  if (values.length !== variant.fields.length) {
    const takes = variant.fields.length === 0 ? 'no values' : counted(variant.fields.length, 'value')
    throw new RuntimeError('arity', `${type.name}.${variant.name} takes ${takes}, got ${values.length}`)
  }
  return new VariantValue(type, tag, [...values])
}

/** `T.V(a, b)` by name; undefined when the type has no such variant. */
export function variantOf(
  type: SealedType,
  name: string,
  values: readonly Value[],
): VariantValue | undefined {
  const tag = type.variants.findIndex((variant) => variant.name === name)
  return tag < 0 ? undefined : makeVariant(type, tag, values)
}

/** The one payload that an outcome has, whatever its variant; patterns may leave it out. */
const outcomePayload = (outcome: OutcomeValue): Value => outcome.properties.get('message') ?? null

/**
 * Whether a pattern `Name(...)` or `Type.Name(...)` fits. `patterns` is the number of names in its parentheses, -1 without parentheses. The
 * wrong number for a variant of that name is an error.
 */
export function matchesVariant(subject: Value, pattern: string, patterns: number): boolean {
  const dot = pattern.indexOf('.')
  const name = pattern.slice(dot + 1)
  const isOf = (type: string) => dot < 0 || type === pattern.slice(0, dot)
  if (subject instanceof OutcomeValue) {
    if (subject.variant !== name || !isOf('LoopOutcome')) return false
    if (patterns > 1) throw wrongPayload(name, 1, patterns)
    return true
  }
  if (!(subject instanceof VariantValue)) return false
  const variant = subject.type.variants[subject.tag]!
  if (variant.name !== name || !isOf(subject.type.name)) return false
  if (patterns >= 0 && patterns !== variant.fields.length) {
    throw wrongPayload(name, variant.fields.length, patterns)
  }
  return true
}

/** Payload by position of a variant that has matched. */
export function variantField(subject: Value, index: number): Value {
  if (subject instanceof OutcomeValue && index === 0) return outcomePayload(subject)
  const value = subject instanceof VariantValue ? subject.fields[index] : undefined
  if (value === undefined) throw new RuntimeError('match', `${describe(subject)} has no payload ${index + 1}`)
  return value
}

const wrongPayload = (name: string, has: number, patterns: number): RuntimeError =>
  new RuntimeError('match', `${name} has ${counted(has, 'payload value')}, the pattern names ${patterns}`)

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
