import { findAgent } from '../find-agent.ts'
import { isoTime, msOfIsoTime } from '../iso-time.ts'
import { Fault, type FaultCode, isFaultCode } from '../ports/fault.ts'
import type { SessionRef, TurnIntent, TurnResult } from '../ports/sessions.ts'
import { blamingStorage, type StorageShare } from '../ports/storage-time.ts'
import { agentSpan, isFailure } from '../tracing/agent-span.ts'
import { asFault } from '../turn/as-fault.ts'
import type { HandOver, HeldSession } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { isBusy } from './busy.ts'
import { runPipeline } from './pipeline.ts'
import { TurnIsOver } from './session.ts'
import { checkedKey } from './session-key.ts'
import type { AskAnswer, IncomingTurn } from './turn.ts'
import { turnFeedsOf } from './turn-feeds.ts'

export type { AskAnswer } from './turn.ts'

export interface AskRequest {
  readonly agent: string
  /** Session key, as the caller names it. */
  readonly key: string
  readonly message: string
  /** Milliseconds since 1970; Infinity = no limit. */
  readonly deadlineAt: number
  readonly signal: AbortSignal
  readonly requestId?: string | null
  /** `metadata.lane` of the message (chapter 24.7). */
  readonly lane?: string | null
  /** Turn id, safe in paths. The same id again answers what the first call answered, or goes on where it was cut off. */
  readonly turn?: string
  /** The turn id was made for this request: nothing can stand under it yet, and nobody looks. */
  readonly isNewTurn?: boolean
  /** Hash of all that the caller sent: the same turn id with another one is a mistake. Null or left out = not compared. */
  readonly fingerprint?: string | null
  /** Agent calls on the way here, this one included; 1 when left out. */
  readonly depth?: number
  readonly holding?: readonly HeldSession[]
  readonly handOver?: HandOver | null
  /** See CallContext. */
  readonly taint?: readonly string[]
}

/** Faults by which a turn is refused, as opposed to failing. */
const REFUSALS: ReadonlySet<FaultCode> = new Set([
  'agent_disabled',
  'guard_blocked',
  'budget_exhausted',
  'lane_full',
  'session_busy',
  'depth_exceeded',
  'price_unknown',
  'message_too_large',
])

/** Faults that decide nothing: the turn stays open, and the same turn id continues it from its journal. */
const INTERRUPTIONS: ReadonlySet<FaultCode> = new Set([
  'confirmation_pending',
  'turn_handed_over',
  'stopped',
  'deadline_exceeded',
  'storage_full',
  'storage_slow',
  'storage_unavailable',
  'tree_missing',
  'tree_foreign',
])

/**
 * A message to a claw agent and its answer (chapter 24.3). Throws `agent_not_found`, `session_key_invalid`,
 * `bad_request` for an empty message, the refusals above, `provider_*`, `prompt_too_long`, `model_answer_empty`, `deadline_exceeded`,
 * `storage_slow`, `stopped`, `program_error`, `confirmation_pending`, `turn_handed_over`, `idempotency_conflict` for a turn id that stands
 * for another message, and the Faults of the tree. The history is then as it was. A turn id that comes again is not refused
 * because session or lane are busy: the turn stays open, and one that was accepted just now is handed over.
 */
export const ask = async (world: World, request: AskRequest): Promise<AskAnswer> =>
  await world.storageTime.during((share) => answered(world, request, share))

async function answered(world: World, request: AskRequest, storage: () => StorageShare): Promise<AskAnswer> {
  const incoming = incomingTurn(world, request)
  const isNew = request.turn === undefined || request.isNewTurn === true
  const known = isNew ? null : await world.sessions.turn(incoming.ref, incoming.id)
  const turn = known === null ? incoming : { ...incoming, cameInAt: msOfIsoTime(known.intent.acceptedAt) }
  if (isOther(known?.intent, turn.fingerprint)) throw new Fault('idempotency_conflict')
  if (known?.result) return answerOf(turn.id, known.result)
  try {
    const start = { ...agentSpan(turn.agent, turn.ref.key), isFailure: isFailedTurn }
    return await world.tracing.span(start, async (span) => await runPipeline({ ...turn, span }))
  } catch (error) {
    if (error instanceof TurnIsOver) return answerOf(turn.id, error.result)
    const ended = blamingStorage(asFault(error, request.signal), storage())
    // A refusal would be the answer to every later try, which is told to come again.
    const goesOn = isBusy(ended) && known === null && !isNew && turn.call.handOver
    const fault = goesOn ? new Fault('turn_handed_over', {}, { cause: ended }) : ended
    const stays = INTERRUPTIONS.has(fault.code) || (known !== null && isBusy(fault))
    if (turn.ledger.accepted && !stays) await closeFailed(turn, fault)
    throw fault
  } finally {
    turnFeedsOf(world).changed(turn.id)
    await letGo(turn)
  }
}

/** The turn id stands for another message. */
const isOther = (intent: TurnIntent | undefined, fingerprint: string | null): boolean =>
  fingerprint !== null && intent !== undefined && intent.fingerprint !== fingerprint

/** A turn that another process has answered meanwhile has not failed. */
const isFailedTurn = (error: unknown): boolean => !(error instanceof TurnIsOver) && isFailure(error)

function incomingTurn(world: World, request: AskRequest): Omit<IncomingTurn, 'span'> {
  const agent = findAgent(world, 'claw', request.agent)
  const ref: SessionRef = { agent: agent.name, key: checkedKey(request.key) }
  if (request.message.trim() === '') throw new Fault('bad_request', { problem: 'the message is empty' })
  const holding = [...(request.holding ?? [])]
  const startedAt = world.clock.now()
  return {
    world,
    agent,
    ref,
    id: request.turn ?? world.ids.next(),
    message: request.message.toWellFormed(),
    fingerprint: request.fingerprint ?? null,
    lane: request.lane ?? null,
    startedAt,
    cameInAt: startedAt,
    call: {
      depth: request.depth ?? 1,
      deadlineAt: request.deadlineAt,
      signal: request.signal,
      requestId: request.requestId ?? null,
      holding,
      handOver: request.handOver ?? null,
      taint: request.taint ?? [],
    },
    ledger: { accepted: false, holding, held: [] },
  }
}

/** What a turn that is over has answered. */
function answerOf(turn: string, result: TurnResult): AskAnswer {
  const isTainted = 'tainted' in result && result.tainted === true
  switch (result.status) {
    case 'completed': {
      const { response, tokens, cost } = result
      return { turn, response, status: 'completed', tokens, cost, latencyMs: 0, isTainted }
    }
    case 'orphaned':
      return {
        turn,
        response: result.response,
        status: 'orphaned',
        tokens: 0,
        cost: 0,
        latencyMs: 0,
        isTainted,
      }
    case 'forgotten':
      throw new Fault('turn_forgotten', { turn })
    default:
      throw isFaultCode(result.code) ? new Fault(result.code, result.data) : new Fault('internal')
  }
}

/** The turn stays open when even that cannot be written; the Fault tells the caller all the same. */
async function closeFailed(
  { world, ref, id }: Pick<IncomingTurn, 'world' | 'ref' | 'id'>,
  fault: Fault,
): Promise<void> {
  try {
    await world.sessions.close(ref, id, {
      status: REFUSALS.has(fault.code) ? 'refused' : 'failed',
      code: fault.code,
      data: fault.data,
      finishedAt: isoTime(world.clock.now()),
    })
  } catch (error) {
    world.output.warn(`turn ${id} ended as ${fault.code} and was not closed`, error)
  }
}

/** Frees lease and slot, the newest first. What cannot be freed ends by itself. */
async function letGo({ world, ledger }: Pick<IncomingTurn, 'world' | 'ledger'>): Promise<void> {
  for (const release of ledger.held.reverse()) {
    try {
      await release()
    } catch (error) {
      world.output.warn('a lease was not released', error)
    }
  }
}
