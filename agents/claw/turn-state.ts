import { findAgent } from '../find-agent.ts'
import { msOfIsoTime } from '../iso-time.ts'
import { pendingFault, standingDecision } from '../limits/confirmation.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionRef, TurnRecord, TurnResult } from '../ports/sessions.ts'
import type { TurnPlace } from '../ports/turn-worker.ts'
import type { World } from '../world.ts'
import { checkedKey } from './session-key.ts'

export type TurnState =
  | { readonly kind: 'over'; readonly result: TurnResult }
  /** `confirmation_pending`: what a person has to decide first. */
  | { readonly kind: 'waiting'; readonly pending: Fault }
  /** `isLeft`: whoever worked on it is gone, so that it must be taken up again. */
  | { readonly kind: 'running'; readonly isLeft: boolean; readonly acceptedAt: string }

/** Who accepts a turn, or takes one over, needs so long to take its session. */
const TAKING_MS = 15_000

/** How far a turn of a claw agent has come. Throws what `turnRecord` throws. */
export const turnState = async (world: World, place: TurnPlace): Promise<TurnState> =>
  await stateOf(world, place, await turnRecord(world, place))

/** What is written of a turn. Throws `agent_not_found`, `session_key_invalid` and `turn_not_found`. */
export async function turnRecord(world: World, { agent, key, turn }: TurnPlace): Promise<TurnRecord> {
  const ref = { agent: findAgent(world, 'claw', agent).name, key: checkedKey(key) }
  const record = TURN_ID.test(turn) ? await world.sessions.turn(ref, turn) : null
  if (record === null) throw new Fault('turn_not_found', { turn })
  return record
}

/** How far a turn had come when its record was read. */
export async function stateOf(world: World, ref: SessionRef, record: TurnRecord): Promise<TurnState> {
  if (record.result !== null) return { kind: 'over', result: record.result }
  const pending = await pendingOf(world, record)
  if (pending !== null) return { kind: 'waiting', pending }
  const { acceptedAt } = record.intent
  const isOld = world.clock.now() - msOfIsoTime(acceptedAt) > TAKING_MS
  return { kind: 'running', isLeft: isOld && !(await world.sessions.isHeld(ref)), acceptedAt }
}

/** As ids are made; whatever else comes from outside names no file. */
const TURN_ID = /^[0-9A-Za-z]{1,64}$/

async function pendingOf(world: World, { waits }: TurnRecord): Promise<Fault | null> {
  const newest = waits.at(-1)
  const confirmation = newest === undefined ? null : await world.confirmations.get(newest)
  if (confirmation === null || (await standingDecision(world, confirmation)) !== null) return null
  return pendingFault(confirmation)
}
