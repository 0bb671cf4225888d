import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { nestedTooDeeply, notAssignable, numberTooLarge } from '../diagnostics/syntax.ts'
import type { Item } from './ast.ts'
import { isNode, visitNodes } from './visit.ts'

/** Deepest tree that the later phases, which recurse, have to walk. */
export const MAX_TREE_DEPTH = 1000

const ASSIGNABLE = new Set(['name', 'member', 'index'])

/** What the grammar reads and the language does not allow. */
export function validate(items: readonly Item[]): Diagnostic[] {
  const found: Diagnostic[] = []
  visitNodes(items, (node, depth) => {
    if (depth > MAX_TREE_DEPTH) {
      found.push(nestedTooDeeply({ ...node.span, end: node.span.start + 1 }, MAX_TREE_DEPTH))
      return false
    }
    if (node.kind === 'number' && 'value' in node && !Number.isFinite(node.value)) {
      found.push(numberTooLarge(node.span))
    }
    if (node.kind === 'assign' && 'target' in node && isNode(node.target)) {
      if (!ASSIGNABLE.has(node.target.kind)) found.push(notAssignable(node.target.span))
    }
    return true
  })
  return found
}
