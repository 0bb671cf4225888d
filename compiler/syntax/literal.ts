import type { Literal } from '../../bytecode/module.ts'
import type { Expr } from './ast.ts'

/** The value of an expression that is a literal, a negative number included; undefined for any other. */
export function literalOf(expr: Expr): Literal | undefined {
  switch (expr.kind) {
    case 'nil':
      return null
    case 'bool':
    case 'number':
    case 'string':
      return expr.value
    case 'unary':
      return expr.op === '-' && expr.operand.kind === 'number' ? -expr.operand.value : undefined
    default:
      return undefined
  }
}
