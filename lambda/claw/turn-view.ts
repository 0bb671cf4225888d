import type { AskAnswer } from '../../agents/claw/turn.ts'
import type { TurnState } from '../../agents/claw/turn-state.ts'
import { Fault, faultText, isFaultCode } from '../../agents/ports/fault.ts'
import type { TurnResult } from '../../agents/ports/sessions.ts'
import { taintedIf } from '../../agents/ports/tainted.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'

/** An answered turn (chapter 28.2). */
export const answerView = (agent: string, key: string, answer: AskAnswer) => ({
  agent,
  session_key: key,
  response: answer.response,
  turn_id: answer.turn,
  usage: { tokens: answer.tokens, cost_usd: answer.cost },
  ...taintedIf(answer.isTainted),
})

/** A turn that waits for a person (design 5, "Approval"): what is to be decided, and by when. */
export const waitingView = ({ data }: Fault) => ({ status: 'pending_confirmation', ...data })

export const placeView = ({ agent, key, turn }: TurnPlace) => ({ agent, session_key: key, turn_id: turn })

export const statusUrl = ({ agent, key, turn }: TurnPlace): string =>
  `/api/v1/claw/${[agent, 'sessions', key, 'turns', turn].map(encodeURIComponent).join('/')}`

/** Where a turn's end, and what happens in it, can be asked for. */
export const linksView = (place: TurnPlace) => ({
  status_url: statusUrl(place),
  events_url: `${statusUrl(place)}/events`,
})

/** A turn that goes on without its caller (design 5, "Gateway limit"). */
export const runningView = (place: TurnPlace) => ({
  ...placeView(place),
  status: 'running',
  ...linksView(place),
})

/** How far a turn has come: `running`, `pending_confirmation`, `completed`, `orphaned`, `forgotten`, `refused` or `failed`. */
export function turnStateView(place: TurnPlace, state: TurnState): object {
  if (state.kind === 'over') return { ...placeView(place), ...resultView(state.result) }
  if (state.kind === 'waiting') return { ...placeView(place), ...waitingView(state.pending) }
  return { ...runningView(place), accepted_at: state.acceptedAt }
}

export function resultView(result: TurnResult): object {
  const { status, finishedAt: finished_at } = result
  switch (status) {
    case 'completed': {
      const { response, tokens, cost } = result
      const usage = { tokens, cost_usd: cost }
      return { status, response, usage, finished_at, ...taintedIf(result.tainted) }
    }
    case 'orphaned':
      return { status, response: result.response, finished_at, ...taintedIf(result.tainted) }
    case 'forgotten':
      return { status, finished_at }
    default: {
      const fault = isFaultCode(result.code) ? new Fault(result.code, result.data) : new Fault('internal')
      return { status, code: fault.code, message: faultText(fault), finished_at }
    }
  }
}
