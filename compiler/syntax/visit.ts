import type { Span } from './ast.ts'

/** What all nodes of the tree share. */
export interface Node {
  readonly kind: string
  readonly span: Span
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'kind' in value && 'span' in value

/**
 * Every node of a tree with its depth (1 = a root), in no promised order among siblings. Walks without recursion,
 * so that it may be used on a tree of any depth.
 */
export function* nodesOf(
  roots: readonly object[],
): Generator<{ readonly node: Node; readonly depth: number }> {
  const open: { value: object; depth: number }[] = roots.map((value) => ({ value, depth: 1 }))
  for (let visit = open.pop(); visit; visit = open.pop()) {
    const { value, depth } = visit
    if (isNode(value)) yield { node: value, depth }
    const below = isNode(value) ? depth + 1 : depth
    for (const child of Object.values(value)) {
      if (typeof child === 'object' && child !== null) open.push({ value: child, depth: below })
    }
  }
}
