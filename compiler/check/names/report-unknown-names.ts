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
    name({ name, span }, { scope }) {
      if (scope.find(name) !== null || names.has(name)) return
      names.add(name)
      report(unknownName({ text: name, span }, scope.names()))
    },
    spawn({ agent }) {
      if (agents.has(agent.text) || spawned.has(agent.text)) return
      spawned.add(agent.text)
      report(unknownSpawnedAgent(agent, agents))
    },
  }
}
