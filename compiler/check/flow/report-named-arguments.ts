import { namedArgumentsMisplaced, unknownNamedField } from '../../diagnostics/flow.ts'
import type { Expr } from '../../syntax/ast.ts'
import type { Scope } from '../code/scope.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'
import { variantOf } from './variants.ts'

/** `T(a: 1)` makes a struct or a variant, and names its fields. */
export function reportNamedArguments({ report }: Context): Visitor {
  return {
    construct({ callee, args }, { scope }) {
      const made = madeBy(callee, scope)
      if (made === null) {
        report(namedArgumentsMisplaced(callee.span))
        return
      }
      for (const { name } of args) {
        if (!made.fields.includes(name.text)) report(unknownNamedField(name, made.name, made.fields))
      }
    },
  }
}

/** What a call with named arguments makes, with its fields; null when it makes nothing. */
function madeBy(
  callee: Expr,
  scope: Scope,
): { readonly name: string; readonly fields: readonly string[] } | null {
  if (callee.kind === 'member') {
    const variant = variantOf(callee, scope)
    return variant && { name: `${variant.type.name.text}.${variant.name}`, fields: variant.fields }
  }
  const binding = callee.kind === 'name' ? scope.find(callee.name) : null
  if (binding?.kind !== 'struct') return null
  const { name, fields } = binding.decl
  return { name: name.text, fields: fields.map((field) => field.name.text) }
}
