import { strayLoopControl } from '../../diagnostics/flow.ts'
import type { Span } from '../../syntax/ast.ts'
import type { Place, Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'

export function reportStrayLoopControl({ report }: Context): Visitor {
  const check = ({ span, kind }: { span: Span; kind: 'break' | 'continue' }, { inLoop }: Place) => {
    if (!inLoop) report(strayLoopControl({ ...span, end: span.start + kind.length }, kind))
  }
  return { break: check, continue: check }
}
