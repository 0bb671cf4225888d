import { misplacedDeclaration } from '../../diagnostics/structure.ts'
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
  for (const { items } of declarations.blocks) {
    for (const item of items) {
      const noun = NOUN[item.kind]
      if (noun !== undefined) report(misplacedDeclaration({ ...item.span, end: item.span.start + 1 }, noun))
    }
  }
}
