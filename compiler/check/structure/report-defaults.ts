import { defaultNotConstant } from '../../diagnostics/structure.ts'
import type { Expr } from '../../syntax/ast.ts'
import { literalOf } from '../../syntax/literal.ts'
import type { Context } from '../rule.ts'

/** Defaults of parameters and of struct fields are literals: they are known before the program runs. */
export function reportDefaults({ declarations, report }: Context): void {
  const literal = (given: readonly { readonly initial: Expr | null }[]) => {
    for (const { initial } of given) {
      if (initial !== null && literalOf(initial) === undefined) report(defaultNotConstant(initial.span))
    }
  }
  for (const { fields } of declarations.structs) literal(fields)
  for (const { methods } of declarations.traits) for (const { params } of methods) literal(params)
  for (const { params } of declarations.skills) literal(params)
  for (const { params } of declarations.callables) literal(params)
}
