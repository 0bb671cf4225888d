import { unknownField } from '../../diagnostics/structure.ts'
import type { Context } from '../rule.ts'
import { canonical, usable } from '../schema/schema.ts'
import { fieldLists } from './field-lists.ts'

export function reportUnknownFields({ declarations, report }: Context): void {
  for (const { owner, fields, schema } of fieldLists(declarations)) {
    for (const { name } of fields) {
      if (canonical(schema, name.text) === null) report(unknownField(name, owner, usable(schema)))
    }
  }
}
