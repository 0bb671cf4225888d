import { isoTime } from '../iso-time.ts'
import { recordDecision } from '../limits/confirmation.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { World } from '../world.ts'

/**
 * Ends the turns of a session that wait for a person, before the session is reset: their tool calls are denied, and the
 * new conversation does not get an answer to the old one.
 */
export async function refuseWaiting(world: World, ref: SessionRef, reason: string): Promise<void> {
  for (const confirmation of await world.confirmations.pending()) {
    const { place } = confirmation.request
    if (place.kind !== 'turn' || place.agent !== ref.agent || place.key !== ref.key) continue
    const { won } = await recordDecision(world, confirmation, { action: 'deny', by: `${reason} reset` })
    // Whoever decided just now goes on with the turn.
    if (!won) continue
    await world.sessions.close(ref, place.turn, {
      status: 'refused',
      code: 'session_reset',
      data: { key: ref.key, tool: confirmation.request.tool },
      finishedAt: isoTime(world.clock.now()),
    })
  }
}
