import type { AgentDecl } from '../bytecode/manifest.ts'
import { Fault } from './ports/fault.ts'
import type { World } from './world.ts'

const KIND_WORDS = { agent: 'Agent', claw: 'Claw agent', forge: 'Forge agent' } as const

type DeclOf<K extends AgentDecl['kind']> = Extract<AgentDecl, { kind: K }>

/** The agents of a kind, in the order of the program. */
export const agentsOf = <K extends AgentDecl['kind']>(world: World, kind: K): readonly DeclOf<K>[] =>
  world.program.module.manifest.agents.filter((agent): agent is DeclOf<K> => agent.kind === kind)

/** An agent of a kind. Throws `agent_not_found`, naming those there are. */
export function findAgent<K extends AgentDecl['kind']>(world: World, kind: K, name: string): DeclOf<K> {
  const agents = agentsOf(world, kind)
  const found = agents.find((agent) => agent.name === name)
  if (found) return found
  throw new Fault('agent_not_found', {
    kind: KIND_WORDS[kind],
    agent: name,
    available: agents.map((agent) => agent.name),
  })
}

/** An agent of any kind. Throws `agent_not_found`, naming those there are. */
export function findAnyAgent(world: World, name: string): AgentDecl {
  const { agents } = world.program.module.manifest
  const found = agents.find((agent) => agent.name === name)
  if (found) return found
  throw new Fault('agent_not_found', {
    kind: KIND_WORDS.agent,
    agent: name,
    available: agents.map((agent) => agent.name),
  })
}

/** Whether an `impl` of the program gives the agent the method; callbacks of traits are optional. */
export const implementsMethod = (world: World, agent: AgentDecl, method: string): boolean =>
  world.program.module.impls.some((impl) => impl.target === agent.name && Object.hasOwn(impl.methods, method))
