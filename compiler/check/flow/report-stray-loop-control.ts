import { strayLoopControl } from '../../diagnostics/flow.ts'
import { walkCode } from '../code/walk.ts'
import type { Context } from '../rule.ts'

export function reportStrayLoopControl({ declarations, natives, report }: Context): void {
  walkCode(declarations, natives, {
    statement(statement, { inLoop }) {
      if ((statement.kind === 'break' || statement.kind === 'continue') && !inLoop) {
        const { span, kind } = statement
        report(strayLoopControl({ ...span, end: span.start + kind.length }, kind))
      }
    },
  })
}
