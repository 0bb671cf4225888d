import type { Span } from './ast.ts'

/** What all nodes of the tree share. */
export interface Node {
  readonly kind: string
  readonly span: Span
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'kind' in value && 'span' in value

/**
 * Calls `enter` with every node of a tree and its depth (1 = a root), in no promised order among siblings, as long as
 * it answers true. Walks without recursion, so that it may be used on a tree of any depth.
 */
export function visitNodes(roots: readonly object[], enter: (node: Node, depth: number) => boolean): void {
  const open: object[] = [...roots]
  const depths: number[] = open.map(() => 1)
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    let depth = depths.pop()!
    if (Array.isArray(value)) {
      for (const child of value) {
        if (typeof child !== 'object' || child === null) continue
        open.push(child)
        depths.push(depth)
      }
      continue
    }
    if (isNode(value)) {
      if (!enter(value, depth)) return
      depth += 1
    }
    for (const key in value) {
      if (key === 'span' || key === 'opSpan') continue
      const child = (value as Record<string, unknown>)[key]
      if (typeof child !== 'object' || child === null) continue
      open.push(child)
      depths.push(depth)
    }
  }
}
