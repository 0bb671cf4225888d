/** The text of a value: what `emit`, `str`, f-strings and `+` show (language.md 3). */
import { ErrorValue } from './error-value.ts'
import { numberText } from './number-text.ts'
import { OPTION } from './option.ts'
import { RuntimeError } from './runtime-error.ts'
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

/** Values nested deeper than this, and values that contain themselves, are shown as `...`. */
const MAX_DEPTH = 500

/**
 * Never hangs and never fails on any value but for one reason: a text longer than `maxLength` UTF-16 units (shared
 * parts can make it exponential) is a RuntimeError of kind `limit`.
 */
export function textOf(value: Value, maxLength: number = 2 ** 26): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  if (value === null) return 'nil'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  const writer = new Writer(maxLength)
  writer.value(value)
  return writer.text()
}

const OUTCOME_WORDS = {
  Completed: 'completed',
  MaxIterations: 'max_iterations',
  Aborted: 'aborted',
  BudgetExhausted: 'budget_exhausted',
} as const satisfies Record<OutcomeValue['variant'], string>

/** `.outcome` of what `.run()` answers: `completed`, `max_iterations`, `aborted`, `budget_exhausted`. */
export const outcomeWord = (outcome: OutcomeValue): string => OUTCOME_WORDS[outcome.variant]

class Writer {
  private readonly parts: string[] = []
  private length = 0
  /** Containers being written, outermost first. */
  private readonly open = new Set<object>()
  private readonly maxLength: number

  constructor(maxLength: number) {
    this.maxLength = maxLength
  }

  text(): string {
    return this.parts.join('')
  }

  value(value: Value): void {
    if (Array.isArray(value)) this.container(value, '[', ']', () => this.items(value))
    else if (value instanceof ErrorValue) this.error(value)
    else if (value instanceof Map) this.container(value, '{', '}', () => this.entries(value))
    else if (value instanceof SetValue) this.container(value, 'set(', ')', () => this.items(value.items))
    else if (value instanceof TupleValue) this.container(value, '(', ')', () => this.tupleItems(value))
    else if (value instanceof StructValue) this.struct(value)
    else if (value instanceof VariantValue) this.variant(value)
    else if (value instanceof OutcomeValue) this.container(value, '{', '}', () => this.outcome(value))
    else this.write(leafText(value))
  }

  /** Inside a container strings stand in quotes. */
  private item(value: Value): void {
    if (typeof value === 'string') this.write(`"${value}"`)
    else this.value(value)
  }

  private items(items: readonly Value[]): void {
    items.forEach((item, i) => {
      if (i > 0) this.write(', ')
      this.item(item)
    })
  }

  private tupleItems({ items }: TupleValue): void {
    this.items(items)
    if (items.length === 1) this.write(',')
  }

  private entries(entries: Iterable<readonly [string, Value]>): void {
    let first = true
    for (const [key, value] of entries) {
      this.write(first ? `${key}: ` : `, ${key}: `)
      this.item(value)
      first = false
    }
  }

  private error(error: ErrorValue): void {
    const message = error.get('message')
    // unless the program has put something else in its place
    if (typeof message === 'string') this.write(message)
    else this.container(error, '{', '}', () => this.entries(error))
  }

  private struct({ type, fields }: StructValue): void {
    this.named(
      fields,
      type.name,
      type.fields.map((field) => field.name),
      fields,
    )
  }

  private variant(value: VariantValue): void {
    const { type, tag, fields } = value
    const variant = type.variants[tag]!
    if (type === OPTION) {
      if (fields.length === 0) this.write(variant.name)
      else this.container(value, `${variant.name}(`, ')', () => this.items(fields))
    } else if (fields.length === 0) this.write(`${type.name}.${variant.name}`)
    else this.named(value, `${type.name}.${variant.name}`, variant.fields, fields)
  }

  /** `Name(a: 1, b: x)`: strings unquoted. */
  private named(identity: object, name: string, names: readonly string[], fields: readonly Value[]): void {
    this.container(identity, `${name}(`, ')', () => {
      fields.forEach((field, i) => {
        this.write(`${i > 0 ? ', ' : ''}${names[i]}: `)
        this.value(field)
      })
    })
  }

  private outcome(outcome: OutcomeValue): void {
    const property = (name: string): readonly [string, Value] => [name, outcome.properties.get(name) ?? null]
    this.entries([
      ['outcome', outcomeWord(outcome)],
      property('iterations'),
      property('total_cost'),
      property('message'),
    ])
  }

  private container(identity: object, before: string, after: string, content: () => void): void {
    this.write(before)
    if (this.open.has(identity) || this.open.size >= MAX_DEPTH) this.write('...')
    else {
      this.open.add(identity)
      content()
      this.open.delete(identity)
    }
    this.write(after)
  }

  private write(part: string): void {
    this.length += part.length
    if (this.length > this.maxLength) {
      throw new RuntimeError('limit', `a text would be longer than ${this.maxLength} characters`)
    }
    this.parts.push(part)
  }
}

/** Values without parts. */
function leafText(value: Value): string {
  if (value === null || typeof value !== 'object') return textOf(value)
  if (value instanceof Closure) return value.proto.name.startsWith('<') ? '<fn>' : `<fn ${value.proto.name}>`
  if (value instanceof NativeValue) return `<fn ${value.name}>`
  if (value instanceof RangeValue) {
    const ends = `${numberText(value.start)}, ${numberText(value.end)}`
    return value.step === 1 ? `range(${ends})` : `range(${ends}, ${numberText(value.step)})`
  }
  if (value instanceof AgentValue) {
    return value.kind === 'agent' ? `<agent ${value.name}>` : `<${value.kind} agent ${value.name}>`
  }
  if (value instanceof SkillValue) return `<skill ${value.name}>`
  if (value instanceof StructTypeValue) return `<struct ${value.type.name}>`
  if (value instanceof SealedTypeValue) return `sealed ${value.type.name}`
  throw new TypeError('not a value of the language')
}
