import { traitAsValue } from '../../diagnostics/flow.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'

/** A trait is a promise about a type: at run time nothing of it is left. */
export function reportTraitsAsValues({ report }: Context): Visitor {
  return {
    expression(expr, { scope }) {
      if (expr.kind === 'name' && scope.find(expr.name)?.kind === 'trait') {
        report(traitAsValue({ text: expr.name, span: expr.span }))
      }
    },
  }
}
