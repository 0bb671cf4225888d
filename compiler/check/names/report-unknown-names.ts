import { unknownName, unknownSpawnedAgent } from '../../diagnostics/names.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'
import { nameSet } from './references.ts'

/** Names in code, and agents in the keyword form of spawn: each unknown one once, where it stands first. */
export function reportUnknownNames({ declarations, report }: Context): Visitor {
  const agents = nameSet(declarations.agents)
  const names = new Set<string>()
  const spawned = new Set<string>()
  return {
    expression(expr, { scope }) {
      if (expr.kind === 'name' && scope.find(expr.name) === null && !names.has(expr.name)) {
        names.add(expr.name)
        report(unknownName({ text: expr.name, span: expr.span }, scope.names()))
      }
      if (expr.kind === 'spawn' && !agents.has(expr.agent.text) && !spawned.has(expr.agent.text)) {
        spawned.add(expr.agent.text)
        report(unknownSpawnedAgent(expr.agent, agents))
      }
    },
  }
}
