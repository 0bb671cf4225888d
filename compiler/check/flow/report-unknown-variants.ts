import { unknownVariant, variantWithoutPayload } from '../../diagnostics/flow.ts'
import type { Expr } from '../../syntax/ast.ts'
import { methodsFor } from '../build/impls.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'
import { variantOf, variantsOf } from './variants.ts'

/** `T.V` of a sealed type: V must be a variant (or a method of T), and have its payload. */
export function reportUnknownVariants({ declarations, report }: Context): Visitor {
  const called = new Set<Expr>()
  return {
    call: ({ callee }) => void called.add(callee),
    construct: ({ callee }) => void called.add(callee),
    member(expr, { scope }) {
      if (expr.base.kind !== 'name') return
      const binding = scope.find(expr.base.name)
      if (binding?.kind !== 'sealed') return
      const type = binding.decl.name.text
      const variant = variantOf(expr, scope)
      if (variant === null) {
        const isMethod = methodsFor(type, declarations).some((method) => method.name.text === expr.name.text)
        const known = variantsOf(binding.decl).map(({ name }) => name)
        if (!isMethod) report(unknownVariant(expr.name, type, known))
      } else if (variant.fields.length > 0 && !called.has(expr)) {
        report(variantWithoutPayload(expr.span, `${type}.${variant.name}`, variant.fields))
      }
    },
  }
}
