import { traitAsValue } from '../../diagnostics/flow.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'

/** A trait is a promise about a type: at run time nothing of it is left. */
export function reportTraitsAsValues({ report }: Context): Visitor {
  return {
    name({ name, span }, { scope }) {
      if (scope.find(name)?.kind === 'trait') report(traitAsValue({ text: name, span }))
    },
  }
}
