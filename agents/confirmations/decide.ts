import { resumeTurn } from '../claw/resume.ts'
import type { AskAnswer } from '../claw/turn.ts'
import { findAnyAgent } from '../find-agent.ts'
import { wakeRun } from '../forge/waiting.ts'
import { isoTime } from '../iso-time.ts'
import { recordDecision, standingDecision } from '../limits/confirmation.ts'
import { assertEnabled } from '../limits/kill-switch.ts'
import type { ConfirmationDecision, ConfirmationPlace, ConfirmationRequest } from '../ports/confirmations.ts'
import { Fault } from '../ports/fault.ts'
import type { TurnPlace } from '../ports/turn-worker.ts'
import { asFault } from '../turn/as-fault.ts'
import type { HandOver } from '../turn/call-context.ts'
import type { World } from '../world.ts'

export interface DecideRequest {
  /** Trace id of the confirmation. */
  readonly id: string
  readonly action: 'approve' | 'deny'
  /** Who decides, for the records. */
  readonly by: string
  /** When the answer must be there, ms; the turn stays open when it takes longer. */
  readonly deadlineAt: number
  readonly signal: AbortSignal
  readonly requestId: string | null
  readonly handOver?: HandOver | null
}

/** How the turn or the run went on. */
export type Continuation =
  | { readonly kind: 'answered'; readonly answer: AskAnswer }
  /** `confirmation_pending`: the next tool call waits; `deadline_exceeded` and the like: the turn is still open. */
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** Whatever drives the run goes on with it; a turn that takes longer goes on in the background. */
  | { readonly kind: 'resumed' }

export interface Decided {
  readonly request: ConfirmationRequest
  /** The one that stands. */
  readonly decision: ConfirmationDecision
  /** `confirmation_decided` or `confirmation_expired` when another decision stands than the one just made. */
  readonly late: Fault | null
  readonly continuation: Continuation
}

/**
 * A person's decision on a waiting tool call: recorded once, then carried out. The first decision stands; a later one
 * only makes sure that the first was carried out.
 * Throws `confirmation_not_found`, `agent_not_found`, `provider_*` (the model of a turn cannot be used) and
 * `agent_disabled` (approvals only) before anything is decided.
 */
export async function decideConfirmation(world: World, request: DecideRequest): Promise<Decided> {
  const confirmation = await world.confirmations.get(request.id)
  if (confirmation === null) throw new Fault('confirmation_not_found', { trace_id: request.id })
  const { place } = confirmation.request
  const agent = findAnyAgent(world, place.agent)
  // Without its model the turn would be over, and the decision lost.
  if (place.kind === 'turn') await world.models.for(agent)
  if (request.action === 'approve') await assertEnabled(world, place.agent, request.requestId)
  const earlier = await standingDecision(world, confirmation)
  const { won, decision } =
    earlier === null ? await recordDecision(world, confirmation, request) : { won: false, decision: earlier }
  const continuation = await goOn(world, request, place)
  const late = won ? null : lateFault(confirmation.request, decision)
  return { request: confirmation.request, decision, late, continuation }
}

/** The decision is recorded, and so it is no error that nobody took the turn over: its status route asks again. */
async function handOverTurn(world: World, place: TurnPlace): Promise<void> {
  try {
    await world.turnWorker.take(place)
  } catch (error) {
    world.output.warn(`turn ${place.turn} was not handed over`, error)
  }
}

function lateFault({ id: trace_id, expiresAt }: ConfirmationRequest, decision: ConfirmationDecision): Fault {
  return decision.action === 'expire'
    ? new Fault('confirmation_expired', { trace_id, expires_at: isoTime(expiresAt) })
    : new Fault('confirmation_decided', { trace_id, ...decision, at: isoTime(decision.at) })
}

/** The decision stands, whatever becomes of the turn or run: that is told and not thrown. */
async function goOn(world: World, request: DecideRequest, place: ConfirmationPlace): Promise<Continuation> {
  const { deadlineAt, signal, requestId, handOver } = request
  try {
    if (place.kind === 'run') {
      await wakeRun(world, request.id)
      return { kind: 'resumed' }
    }
    const answer = await resumeTurn(world, place, { deadlineAt, signal, requestId, handOver, holding: [] })
    return { kind: 'answered', answer }
  } catch (error) {
    const fault = asFault(error, signal)
    if (fault.code !== 'turn_handed_over' || place.kind === 'run') return { kind: 'failed', fault }
    await handOverTurn(world, place)
    return { kind: 'resumed' }
  }
}
