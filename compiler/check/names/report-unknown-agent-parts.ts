import { unknownBudget, unknownChannel, unknownPolicy } from '../../diagnostics/names.ts'
import type { Context } from '../rule.ts'
import { agentReferences, nameSet, unknownOnes } from './references.ts'

/** Channels, budgets and policies of agents. */
export function reportUnknownAgentParts({ declarations, report }: Context): void {
  const { channels, budgets, policies } = declarations
  for (const [field, declared, unknown] of [
    ['channels', channels, unknownChannel],
    ['budget', budgets, unknownBudget],
    ['policy', policies, unknownPolicy],
  ] as const) {
    const known = nameSet(declared)
    for (const name of unknownOnes(agentReferences(declarations, field), known)) report(unknown(name, known))
  }
}
