import { Fault } from '../ports/fault.ts'
import type { World } from '../world.ts'

/** Throws `agent_disabled`, audited, while an administrator has switched the agent, or all agents, off. */
export async function assertEnabled(world: World, agent: string, requestId: string | null): Promise<void> {
  const { disabled, reason } = await world.killSwitch.state(agent)
  if (!disabled) return
  world.audit.record({ event: 'agent.disabled', agent, requestId })
  throw new Fault('agent_disabled', { agent, reason })
}
