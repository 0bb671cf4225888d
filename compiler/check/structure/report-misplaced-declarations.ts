import { misplacedDeclaration } from '../../diagnostics/structure.ts'
import { isNode, nodesOf } from '../../syntax/visit.ts'
import type { Context } from '../rule.ts'

const NOUN: Readonly<Record<string, string>> = {
  struct: 'a struct',
  sealed: 'a sealed type',
  trait: 'a trait',
  impl: 'an impl',
  agent: 'an agent',
  channel: 'a channel',
  skill: 'a skill',
  guard: 'a guard',
  guardchain: 'a guard chain',
  budget: 'a budget',
  policy: 'a policy',
  import: 'an import',
}

/** Inside a block only functions may be declared: everything else is known to the whole program. */
export function reportMisplacedDeclarations({ declarations, report }: Context): void {
  for (const { node } of nodesOf(declarations.items)) {
    if (node.kind !== 'block' || !('items' in node) || !Array.isArray(node.items)) continue
    for (const item of node.items as unknown[]) {
      if (!isNode(item)) continue
      const noun = NOUN[item.kind]
      if (noun !== undefined) report(misplacedDeclaration({ ...item.span, end: item.span.start + 1 }, noun))
    }
  }
}
