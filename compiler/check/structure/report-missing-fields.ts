import { missingField } from '../../diagnostics/structure.ts'
import type { Context } from '../rule.ts'
import { canonical } from '../schema/schema.ts'
import { fieldLists } from './field-lists.ts'

export function reportMissingFields({ declarations, report }: Context): void {
  for (const { owner, at, fields, schema } of fieldLists(declarations)) {
    const given = new Set(fields.map(({ name }) => canonical(schema, name.text)))
    for (const [field, { required }] of Object.entries(schema)) {
      if (required !== null && !given.has(field)) report(missingField(at, field, owner, required))
    }
  }
  for (const { name, fields, impl } of declarations.skills) {
    if (impl === null && !fields.some((field) => field.name.text === 'impl')) {
      report(missingField(name.span, 'impl', 'skill', 'impl() { return "..."; }'))
    }
  }
}
