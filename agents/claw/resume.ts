import { Fault } from '../ports/fault.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { ask } from './ask.ts'
import { isBusy } from './busy.ts'
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

/**
 * A turn that nobody waits for: while others are in its way, another `attempt` is made, as long as it may begin before
 * `until` (ms since 1970). Throws what the last one throws.
 */
export async function untilFree(
  { clock }: Pick<World, 'clock'>,
  until: number,
  attempt: () => Promise<AskAnswer>,
): Promise<AskAnswer> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error) || clock.now() >= until) throw error
    }
  }
}
