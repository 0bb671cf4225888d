import type { AskAnswer } from '../../agents/claw/turn.ts'
import type { Fault } from '../../agents/ports/fault.ts'

/** An answered turn (chapter 28.2). */
export const answerView = (agent: string, key: string, answer: AskAnswer) => ({
  agent,
  session_key: key,
  response: answer.response,
  turn_id: answer.turn,
  usage: { tokens: answer.tokens, cost_usd: answer.cost },
})

/** A turn that waits for a person (design 5, "Approval"): what is to be decided, and by when. */
export const waitingView = ({ data }: Fault) => ({ status: 'pending_confirmation', ...data })
