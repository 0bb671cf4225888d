import { duplicateField } from '../../diagnostics/structure.ts'
import type { Name } from '../../syntax/ast.ts'
import type { Context } from '../rule.ts'
import { canonical, ruleOf } from '../schema/schema.ts'
import { fieldLists } from './field-lists.ts'

/** Two spellings of one field count as the same; so do two lanes of one name. */
export function reportDuplicateFields({ declarations, line, report }: Context): void {
  const once = (owner: string, names: readonly Name[], keyOf: (name: Name) => string) => {
    const first = new Map<string, Name>()
    for (const name of names) {
      const earlier = first.get(keyOf(name))
      if (earlier) report(duplicateField(name, owner, line(earlier.span)))
      else first.set(keyOf(name), name)
    }
  }
  for (const { owner, fields, schema } of fieldLists(declarations)) {
    once(
      owner,
      fields.map((field) => field.name),
      ({ text }) => canonical(schema, text) ?? text,
    )
    for (const { name, value } of fields) {
      if (ruleOf(schema, name.text)?.accepts.kind !== 'blocks' || value.kind !== 'block') continue
      once(
        name.text,
        value.fields.map((field) => field.name),
        ({ text }) => text,
      )
    }
  }
  for (const { name, repeated } of declarations.skills) {
    for (const again of repeated) report(duplicateField(again, 'skill', line(name.span)))
  }
}
