import { Fault } from '../ports/fault.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { ask } from './ask.ts'
import type { AskAnswer } from './turn.ts'

/**
 * Goes on with an accepted turn where its journal ends, or answers what it has answered. Throws `turn_not_found`, and
 * what `ask` throws.
 */
export async function resumeTurn(
  world: World,
  { agent, key, turn }: SessionRef & { readonly turn: string },
  call: Omit<CallContext, 'depth'>,
): Promise<AskAnswer> {
  const record = await world.sessions.turn({ agent, key }, turn)
  if (record === null) throw new Fault('turn_not_found', { turn })
  const { message, lane } = record.intent
  return await ask(world, { agent, key, turn, message, lane, ...call })
}
