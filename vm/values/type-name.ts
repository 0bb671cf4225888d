/** The names of the types of the language, and how a value is shown in an error message. */
import { numberText } from './number-text.ts'
import { OPTION } from './option.ts'
import {
  AgentValue,
  Closure,
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

export type TypeName =
  | 'nil'
  | 'bool'
  | 'number'
  | 'string'
  | 'list'
  | 'map'
  | 'function'
  | 'tuple'
  | 'set'
  | 'range'
  | 'struct'
  | 'variant'
  | 'option'
  | 'type'
  | 'agent'
  | 'skill'

/** What `typeof(value)` answers. */
export function typeName(value: Value): TypeName {
  if (value === null) return 'nil'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Map) return 'map'
  if (value instanceof Closure || value instanceof NativeValue) return 'function'
  if (value instanceof StructValue) return 'struct'
  if (value instanceof VariantValue) return value.type === OPTION ? 'option' : 'variant'
  if (value instanceof OutcomeValue) return 'variant'
  if (value instanceof SetValue) return 'set'
  if (value instanceof TupleValue) return 'tuple'
  if (value instanceof RangeValue) return 'range'
  if (value instanceof AgentValue) return 'agent'
  if (value instanceof SkillValue) return 'skill'
  return 'type'
}

const SHOWN_CHARACTERS = 40

/** A value in a message: its type, and as much of it as helps: `number 5`, `string "abc"`, `list of 3`. */
export function describe(value: Value): string {
  if (value === null) return 'nil'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return `number ${numberText(value)}`
  if (typeof value === 'string') {
    const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}...` : value
    return `string ${JSON.stringify(shown)}`
  }
  if (Array.isArray(value)) return `list of ${value.length}`
  if (value instanceof Map) return `map of ${value.size}`
  if (value instanceof Closure) return `function ${value.proto.name}`
  if (value instanceof StructValue || value instanceof VariantValue) return value.type.name
  if (value instanceof StructTypeValue || value instanceof SealedTypeValue) return `type ${value.type.name}`
  if (value instanceof AgentValue || value instanceof SkillValue || value instanceof NativeValue) {
    return `${typeName(value)} ${value.name}`
  }
  return value instanceof OutcomeValue ? 'LoopOutcome' : typeName(value)
}
