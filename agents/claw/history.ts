import { findAgent } from '../find-agent.ts'
import type { StoredMessage } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { dueReset } from './due-reset.ts'
import { checkedKey } from './session-key.ts'

/**
 * The live history of a session, oldest first (`.history()`, chapter 24.3). A session that is due for a reset is shown
 * as its next message will find it: empty. Throws `agent_not_found` and `session_key_invalid`.
 */
export async function history(
  world: World,
  request: { readonly agent: string; readonly key: string },
): Promise<readonly StoredMessage[]> {
  const agent = findAgent(world, 'claw', request.agent)
  const version = await world.sessions.open({ agent: agent.name, key: checkedKey(request.key) })
  return dueReset(agent.session, version, world.clock.now()) === null ? version.messages : []
}
