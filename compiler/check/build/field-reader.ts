import type { Field, FieldValue, Name } from '../../syntax/ast.ts'
import { canonical, type Schema } from '../schema/schema.ts'

/**
 * Reads a checked list of fields by the schema's names. A field that is not given, is nil or holds something
 * else reads as null, so that the caller's `??` is the place of the default.
 */
export class FieldReader {
  readonly #values: ReadonlyMap<string, FieldValue>
  readonly #schema: Schema

  constructor(fields: readonly Field[], schema: Schema) {
    this.#schema = schema
    this.#values = new Map(
      fields.map(({ name, value }) => [canonical(schema, name.text) ?? name.text, value]),
    )
  }

  text(field: string): string | null {
    const value = this.#literal(field)
    return typeof value === 'string' ? value : null
  }

  number(field: string): number | null {
    const given = this.#values.get(field)
    const value = given?.kind === 'amount' ? given.value : this.#literal(field)
    return typeof value === 'number' ? value : null
  }

  flag(field: string): boolean | null {
    const value = this.#literal(field)
    return typeof value === 'boolean' ? value : null
  }

  /** One of `words`, written with or without quotes. */
  word<Word extends string>(field: string, words: readonly Word[]): Word | null {
    const word = this.name(field)?.text ?? this.text(field)
    return words.find((known) => known === word) ?? null
  }

  name(field: string): Name | null {
    const value = this.#values.get(field)
    return value?.kind === 'name' ? value.name : null
  }

  names(field: string): string[] {
    const value = this.#values.get(field)
    return value?.kind === 'names' ? value.items.map((item) => item.text) : []
  }

  /** The fields of a block, none where the block is not given. */
  block(field: string): FieldReader {
    const accepts = this.#schema[field]?.accepts
    const value = this.#values.get(field)
    const fields = value?.kind === 'block' ? value.fields : []
    return new FieldReader(fields, accepts?.kind === 'block' ? accepts.fields : {})
  }

  has(field: string): boolean {
    const value = this.#values.get(field)
    return value !== undefined && !(value.kind === 'literal' && value.value === null)
  }

  /** The blocks in a block of blocks, in the order written. */
  blocks(field: string): { readonly name: string; readonly block: FieldReader }[] {
    const accepts = this.#schema[field]?.accepts
    const value = this.#values.get(field)
    if (accepts?.kind !== 'blocks' || value?.kind !== 'block') return []
    return value.fields.map((entry) => ({
      name: entry.name.text,
      block: new FieldReader(entry.value.kind === 'block' ? entry.value.fields : [], accepts.fields),
    }))
  }

  #literal(field: string): null | boolean | number | string {
    const value = this.#values.get(field)
    return value?.kind === 'literal' ? value.value : null
  }
}
