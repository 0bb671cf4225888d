import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { nestedTooDeeply, notAssignable, numberTooLarge } from '../diagnostics/syntax.ts'
import type { Block, FunDecl, Item, Lambda, ProgramNode } from './ast.ts'
import { isNode, visitNodes } from './visit.ts'

/** Deepest tree that the later phases, which recurse, have to walk. */
export const MAX_TREE_DEPTH = 1000

const ASSIGNABLE = new Set(['name', 'member', 'index'])

export interface Survey {
  readonly program: ProgramNode
  /** What the grammar reads and the language does not allow. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Goes through all that was read, once. */
export function survey(items: readonly Item[]): Survey {
  const diagnostics: Diagnostic[] = []
  const blocks: Block[] = []
  const callables: (FunDecl | Lambda)[] = []
  visitNodes(items, (node, depth) => {
    if (depth > MAX_TREE_DEPTH) {
      diagnostics.push(nestedTooDeeply({ ...node.span, end: node.span.start + 1 }, MAX_TREE_DEPTH))
      return false
    }
    switch (node.kind) {
      case 'number':
        if ('value' in node && !Number.isFinite(node.value)) diagnostics.push(numberTooLarge(node.span))
        break
      case 'assign':
        if ('target' in node && isNode(node.target) && !ASSIGNABLE.has(node.target.kind))
          diagnostics.push(notAssignable(node.target.span))
        break
      case 'block':
        // A field's block has no items.
        if ('items' in node) blocks.push(node as Block)
        break
      case 'fun':
      case 'lambda':
        callables.push(node as FunDecl | Lambda)
        break
    }
    return true
  })
  return { program: { items, blocks, callables }, diagnostics }
}
