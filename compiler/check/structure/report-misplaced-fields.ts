import { deprecatedField, fieldOfAnotherKind, ignoredField } from '../../diagnostics/structure.ts'
import type { Context } from '../rule.ts'
import { ruleOf } from '../schema/schema.ts'
import { fieldLists } from './field-lists.ts'

/** Fields that another kind of agent has (chapters 24.8 and 25.9), and known ones that do nothing here. */
export function reportMisplacedFields({ declarations, report }: Context): void {
  for (const { owner, fields, schema } of fieldLists(declarations)) {
    for (const { name } of fields) {
      const accepts = ruleOf(schema, name.text)?.accepts
      if (accepts?.kind === 'forbidden') report(accepts.report(name.span))
      if (accepts?.kind === 'elsewhere') report(fieldOfAnotherKind(name, owner, accepts.owners))
      if (accepts?.kind === 'ignored') report(ignoredField(name, owner))
      if (accepts?.kind === 'deprecated') report(deprecatedField(name, accepts.help))
    }
  }
}
