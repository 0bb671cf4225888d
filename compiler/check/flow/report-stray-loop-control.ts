import { strayLoopControl } from '../../diagnostics/flow.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'

export function reportStrayLoopControl({ report }: Context): Visitor {
  return {
    statement(statement, { inLoop }) {
      if ((statement.kind === 'break' || statement.kind === 'continue') && !inLoop) {
        const { span, kind } = statement
        report(strayLoopControl({ ...span, end: span.start + kind.length }, kind))
      }
    },
  }
}
