import { HostError } from '../../vm/host.ts'
import type { Value } from '../../vm/values/value.ts'
import { history } from '../claw/history.ts'
import { agentsOf } from '../find-agent.ts'
import type { World } from '../world.ts'
import { messageValues } from './message-values.ts'
import type { SceneHostOptions } from './scene-host.ts'

/**
 * `session_history(key, limit)`: the newest `limit` messages of a session of the claw agent whose code runs; outside
 * one, of the program's first claw agent.
 */
export async function sessionHistory(
  world: World,
  { agent, taint }: Pick<SceneHostOptions, 'agent' | 'taint'>,
  key: string,
  limit: number | null,
): Promise<Value> {
  const claw = agent?.kind === 'claw' ? agent : agentsOf(world, 'claw')[0]
  if (!claw)
    throw new HostError('agent_not_found', 'session_history needs a claw agent; this program has none')
  const messages = await history(world, { agent: claw.name, key })
  return messageValues(
    limit === null ? messages : messages.slice(Math.max(0, messages.length - limit)),
    taint,
  )
}
