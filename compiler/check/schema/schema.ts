import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../syntax/ast.ts'

/** What a field may hold. */
export type Accepts =
  | { readonly kind: 'string' }
  /** One of some words, with or without quotes. */
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'integer' | 'number'; readonly min: number; readonly max: number }
  /** An amount of dollars, with or without their sign. */
  | { readonly kind: 'dollars' }
  | { readonly kind: 'bool' }
  /** A number, a text, true, false or nil. */
  | { readonly kind: 'literal' }
  /** A list of texts. */
  | { readonly kind: 'texts' }
  /** A list of host names; `*.` before one stands for all names below it, `*` for all. */
  | { readonly kind: 'hosts' }
  /** IANA name of a time zone. */
  | { readonly kind: 'timezone' }
  /** Path of an HTTP endpoint. */
  | { readonly kind: 'url-path' }
  /** `noun`: what is named. */
  | { readonly kind: 'name'; readonly noun: string }
  | { readonly kind: 'names'; readonly noun: string; readonly nonEmpty: boolean }
  /** The name of a function, or a function. */
  | { readonly kind: 'function' }
  | { readonly kind: 'block'; readonly fields: Schema }
  /** A block of blocks with names of the user's choice. */
  | { readonly kind: 'blocks'; readonly noun: string; readonly fields: Schema }
  /** Has a syntax of its own; what came as a plain value is wrong. */
  | { readonly kind: 'syntax'; readonly wanted: string }
  // Fields that are known, and wrong or without effect.
  | { readonly kind: 'forbidden'; readonly report: (span: Span) => Diagnostic }
  | { readonly kind: 'elsewhere'; readonly owners: readonly string[] }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'deprecated'; readonly help: string }

export interface FieldRule {
  readonly accepts: Accepts
  /** How a required field would be written; null = optional. */
  readonly required: string | null
  /** Other spellings of its name. */
  readonly aliases: readonly string[]
}

/** The fields of one kind of declaration or block, by name. */
export type Schema = Readonly<Record<string, FieldRule>>

export const optional = (accepts: Accepts, aliases: readonly string[] = []): FieldRule => ({
  accepts,
  required: null,
  aliases,
})

/** `example`: the field as it would be written. */
export const required = (accepts: Accepts, example: string): FieldRule => ({
  accepts,
  required: example,
  aliases: [],
})

export const STRING: Accepts = { kind: 'string' }
export const BOOL: Accepts = { kind: 'bool' }
export const word = (...words: readonly string[]): Accepts => ({ kind: 'word', words })
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER): Accepts => ({
  kind: 'integer',
  min,
  max,
})
export const number = (min: number, max = Number.MAX_VALUE): Accepts => ({ kind: 'number', min, max })
export const name = (noun: string): Accepts => ({ kind: 'name', noun })
export const names = (noun: string): Accepts => ({ kind: 'names', noun, nonEmpty: false })

/** The field's name as the schema spells it, or null for an unknown field. */
export function canonical(schema: Schema, field: string): string | null {
  if (Object.hasOwn(schema, field)) return field
  const entry = Object.entries(schema).find(([, rule]) => rule.aliases.includes(field))
  return entry?.[0] ?? null
}

/** The rule of a field as it is written, or undefined for an unknown field. */
export function ruleOf(schema: Schema, field: string): FieldRule | undefined {
  const name = canonical(schema, field)
  return name === null ? undefined : schema[name]
}

/** The names worth suggesting: of fields that may be written and do something. */
export function usable(schema: Schema): string[] {
  const idle = new Set(['forbidden', 'elsewhere', 'ignored', 'deprecated'])
  return Object.entries(schema)
    .filter(([, rule]) => !idle.has(rule.accepts.kind))
    .map(([field]) => field)
}
