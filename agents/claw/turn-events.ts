/** What happens in a turn, event by event, as its journal tells it: whoever reads it twice reads the same. */
import { findAgent } from '../find-agent.ts'
import { pendingFault } from '../limits/confirmation.ts'
import { isGuarded } from '../limits/guards.ts'
import { linksOf } from '../links/apply.ts'
import type { Fault } from '../ports/fault.ts'
import type { TurnRecord, TurnResult, TurnStep } from '../ports/sessions.ts'
import type { TurnPlace } from '../ports/turn-worker.ts'
import type { World } from '../world.ts'
import { stateOf, type TurnState, turnRecord } from './turn-state.ts'

/** `id` grows from event to event of a turn, with gaps; the same event has the same id for ever. */
export type TurnEvent = { readonly id: number } & (
  | { readonly kind: 'turn.started'; readonly acceptedAt: string }
  /** All that the model wrote in one answer, or what the guards left of it. */
  | { readonly kind: 'message.done'; readonly text: string }
  | { readonly kind: 'tool.call'; readonly callId: string; readonly name: string }
  /** `confirmation_pending`: what a person has to decide. */
  | { readonly kind: 'confirmation.pending'; readonly pending: Fault }
  | {
      readonly kind: 'tool.result'
      readonly callId: string
      readonly name: string
      readonly isError: boolean
      /** Strangers may have written it: the turn is tainted from here on. */
      readonly isUntrusted: boolean
    }
  | { readonly kind: 'turn.over'; readonly result: TurnResult }
)

export interface TurnSoFar {
  readonly state: TurnState
  /** In the order of their ids. */
  readonly events: readonly TurnEvent[]
  /** Model and tool calls that are finished. */
  readonly steps: number
  /** Text of the model is shown when guards have passed it, and not before. */
  readonly isGuarded: boolean
}

/** All that has happened in a turn so far. Throws `agent_not_found`, `session_key_invalid` and `turn_not_found`. */
export async function turnSoFar(world: World, place: TurnPlace): Promise<TurnSoFar> {
  const record = await turnRecord(world, place)
  const guarded = guardsAnswer(world, place, record)
  const events = [...eventsOf(record, { guarded, pending: await pendingByStep(world, record) })]
  return {
    state: await stateOf(world, place, record),
    events,
    steps: record.steps.length,
    isGuarded: guarded,
  }
}

/** By the program that took the message, or by the one that is served now. */
function guardsAnswer(world: World, place: TurnPlace, { intent }: TurnRecord): boolean {
  const agent = findAgent(world, 'claw', place.agent)
  return intent.guardsAnswer === true || isGuarded(world, agent, 'output') || linksOf(world, agent) !== null
}

/** What a person had, or has, to decide before a step. */
async function pendingByStep(world: World, { waits }: TurnRecord): Promise<ReadonlyMap<number, Fault>> {
  const found = new Map<number, Fault>()
  for (const id of waits) {
    const confirmation = await world.confirmations.get(id)
    if (confirmation?.request.place.kind !== 'turn') continue
    found.set(confirmation.request.place.step, pendingFault(confirmation))
  }
  return found
}

interface Reading {
  readonly guarded: boolean
  readonly pending: ReadonlyMap<number, Fault>
}

/** Each model step keeps ids for all that may follow from it, so that what comes late moves none. */
function* eventsOf(record: TurnRecord, reading: Reading): Generator<TurnEvent> {
  const { intent, steps, result } = record
  yield { id: 1, kind: 'turn.started', acceptedAt: intent.acceptedAt }
  let id = 2
  let shown: string | null = null
  for (let index = 0; index < steps.length; ) {
    const step = steps[index]!
    index += 1
    if (step.kind !== 'model') continue
    // What strangers may have made the model write is shown as the rule of links left it: at the end.
    if (!reading.guarded && step.taint === undefined && step.text.trim() !== '') {
      yield { id, kind: 'message.done', text: step.text }
      shown = step.text
    }
    id += 1
    for (const call of step.toolCalls) {
      yield* eventsOfCall(record, reading, { call, index, id })
      id += 3
      index += 1
    }
  }
  if (result === null) return
  if ('response' in result && result.response !== shown) {
    yield { id, kind: 'message.done', text: result.response }
  }
  yield { id: id + 1, kind: 'turn.over', result }
}

function* eventsOfCall(
  { steps, begun }: TurnRecord,
  { pending }: Reading,
  {
    call,
    index,
    id,
  }: {
    readonly call: Extract<TurnStep, { kind: 'model' }>['toolCalls'][number]
    readonly index: number
    readonly id: number
  },
): Generator<TurnEvent> {
  const step = steps[index]
  const waitsFor = pending.get(index)
  if (step === undefined && waitsFor === undefined && !begun.includes(index)) return
  yield { id, kind: 'tool.call', callId: call.id, name: call.name }
  if (waitsFor !== undefined) yield { id: id + 1, kind: 'confirmation.pending', pending: waitsFor }
  if (step?.kind !== 'tool') return
  const { callId, name, isError, untrusted } = step
  yield { id: id + 2, kind: 'tool.result', callId, name, isError, isUntrusted: untrusted === true }
}
