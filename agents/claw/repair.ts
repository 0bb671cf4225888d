import { findAgent } from '../find-agent.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { resumeTurn } from './resume.ts'
import { checkedKey } from './session-key.ts'
import type { AskAnswer } from './turn.ts'

export interface RepairedTurn {
  readonly turn: string
  /** When the message came in, ISO 8601. */
  readonly acceptedAt: string
  /** What the turn answered, or why it has no answer: `confirmation_pending`, `session_busy`, ... */
  readonly end:
    | { readonly kind: 'answered'; readonly answer: AskAnswer }
    | { readonly kind: 'failed'; readonly fault: Fault }
}

/**
 * Goes on with the turns of a session that a crash has left open, oldest first (design 5, "Crash"). Throws
 * `agent_not_found`, `session_key_invalid` and Faults of the tree.
 */
export async function repairSession(
  world: World,
  request: SessionRef & { readonly deadlineAt: number; readonly signal: AbortSignal },
): Promise<readonly RepairedTurn[]> {
  const { deadlineAt, signal } = request
  const ref = { agent: findAgent(world, 'claw', request.agent).name, key: checkedKey(request.key) }
  const repaired: RepairedTurn[] = []
  for (const { turn, acceptedAt } of await world.sessions.openTurns(ref)) {
    signal.throwIfAborted()
    try {
      const call = { deadlineAt, signal, requestId: null, holding: [] }
      const answer = await resumeTurn(world, { ...ref, turn }, call)
      repaired.push({ turn, acceptedAt, end: { kind: 'answered', answer } })
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault
      repaired.push({ turn, acceptedAt, end: { kind: 'failed', fault } })
    }
  }
  return repaired
}
