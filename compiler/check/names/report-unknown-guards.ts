import { unknownGuard, unknownGuardChain } from '../../diagnostics/names.ts'
import type { Context } from '../rule.ts'
import { agentReferences, nameSet, unknownOnes } from './references.ts'

/** An unknown guard, silently skipped, would be a hole. */
export function reportUnknownGuards({ declarations, report }: Context): void {
  const chains = nameSet(declarations.guardchains)
  const guards = nameSet(declarations.guards)
  for (const name of unknownOnes(agentReferences(declarations, 'guards'), chains)) {
    report(unknownGuardChain(name, chains, guards.has(name.text)))
  }
  const chained = declarations.guardchains.flatMap((chain) => chain.guards)
  for (const name of unknownOnes(chained, guards)) report(unknownGuard(name, guards))
}
