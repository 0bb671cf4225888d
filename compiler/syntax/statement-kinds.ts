import type { Expr, Item, Statement } from './ast.ts'

const STATEMENT_KINDS: ReadonlySet<string> = new Set<Statement['kind']>([
  'block',
  'let',
  'emit',
  'return',
  'if',
  'while',
  'for',
  'break',
  'continue',
  'try',
  'throw',
  'expression',
])

/** Whether a node that may be something else too, as the body of a match arm or an item, is a statement. */
export const isStatement = (node: Item | Expr): node is Statement => STATEMENT_KINDS.has(node.kind)
