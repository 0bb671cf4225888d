import { Fault } from '../ports/fault.ts'
import type { World } from '../world.ts'

/** Throws `agent_disabled`, audited, while an administrator has switched the agent, or all agents, off. */
export async function assertEnabled(world: World, agent: string, requestId: string | null): Promise<void> {
  const refusal = await switchedOff(world, agent)
  if (refusal === null) return
  world.audit.record({ event: 'agent.disabled', agent, requestId })
  throw refusal
}

/** `agent_disabled` while the agent, or all agents, are switched off; null = they are not. */
export async function switchedOff(world: World, agent: string): Promise<Fault | null> {
  const { disabled, reason } = await world.killSwitch.state(agent)
  return disabled ? new Fault('agent_disabled', { agent, reason }) : null
}
