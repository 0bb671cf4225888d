import { unknownVerify } from '../../diagnostics/names.ts'
import type { Context } from '../rule.ts'
import { agentReferences, nameSet, unknownOnes } from './references.ts'

export function reportUnknownVerify({ declarations, report }: Context): void {
  const functions = nameSet(declarations.functions)
  for (const name of unknownOnes(agentReferences(declarations, 'verify'), functions)) {
    report(unknownVerify(name, functions))
  }
}
