import { assignmentToConst, assignmentToDeclaration } from '../../diagnostics/flow.ts'
import type { Binding } from '../code/scope.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'

const NOUN: Readonly<Record<Exclude<Binding['kind'], 'variable'>, string>> = {
  function: 'a function',
  struct: 'a struct',
  sealed: 'a sealed type',
  trait: 'a trait',
  agent: 'an agent',
  skill: 'a skill',
  native: 'a built-in function',
}

/** Only variables may be assigned to. */
export function reportBadAssignments({ report }: Context): Visitor {
  return {
    assign({ target }, { scope }) {
      if (target.kind !== 'name') return
      const { name, span } = target
      const binding = scope.find(name)
      if (binding?.kind === 'variable') {
        if (binding.constant) report(assignmentToConst(span, name))
      } else if (binding) report(assignmentToDeclaration(span, name, NOUN[binding.kind]))
    },
  }
}
