import { handlerParameters, unknownGuardEvent } from '../../diagnostics/structure.ts'
import { GUARD_EVENTS } from '../builtins.ts'
import type { Context } from '../rule.ts'

export function reportGuardHandlers({ declarations, report }: Context): void {
  for (const { event, params } of declarations.guards.flatMap((guard) => guard.handlers)) {
    if (!GUARD_EVENTS.has(event.text)) report(unknownGuardEvent(event, [...GUARD_EVENTS.keys()]))
    else if (params.length !== 1) report(handlerParameters(event, params.length))
  }
}
