/** Decisions on tool calls that wait for a person, from the command line. */
import { type Decided, decideConfirmation } from '../agents/confirmations/decide.ts'
import { pendingConfirmations } from '../agents/confirmations/pending.ts'
import { waitingCall } from '../agents/confirmations/waiting-call.ts'
import type { Confirmation } from '../agents/ports/confirmations.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { System } from './system.ts'

export type { Continuation } from '../agents/confirmations/decide.ts'

export interface WaitingCall {
  readonly trace_id: string
  readonly agent: string
  readonly tool: string
  readonly args: unknown
  readonly reason: string
  /** ISO 8601. */
  readonly expires_at: string
  /** Of a claw agent's turn. */
  readonly session_key?: string
  /** Of a forge run. */
  readonly run?: string
}

/** What waits in a system's tree, oldest first. */
export const waitingCalls = async ({ world }: System): Promise<readonly WaitingCall[]> =>
  (await pendingConfirmations(world)).map(callOf)

const callOf = ({ request }: Confirmation): WaitingCall => ({
  ...waitingCall(request),
  ...(request.place.kind === 'turn' ? { session_key: request.place.key } : { run: request.place.run }),
})

/** The call that a `confirmation_pending` fault tells of; every other error is thrown. */
export async function waitingCallOf({ world }: System, error: unknown): Promise<WaitingCall> {
  if (!(error instanceof Fault) || error.code !== 'confirmation_pending') throw error
  const confirmation = await world.confirmations.get(String(error.data.trace_id))
  if (confirmation === null) throw error
  return callOf(confirmation)
}

export interface Decision {
  /** Trace id. */
  readonly id: string
  readonly action: 'approve' | 'deny'
  /** Who decides, for the records. */
  readonly by: string
  readonly signal: AbortSignal
}

/** Decides, and goes on with a claw agent's turn in this process. Throws what `decideConfirmation` throws. */
export async function decide({ world }: System, decision: Decision): Promise<Decided> {
  const unlimited = { deadlineAt: Number.POSITIVE_INFINITY, requestId: null }
  return await decideConfirmation(world, { ...decision, ...unlimited })
}
