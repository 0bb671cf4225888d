import type { SessionVersion, TurnRecord, TurnResult } from '../ports/sessions.ts'
import { taintedIf } from '../ports/tainted.ts'
import { addUsage, NO_USAGE, totalTokens } from '../turn/usage.ts'
import { messageTime } from './message-time.ts'

/**
 * How a turn ended by what the history holds of it: a crash may have taken the record of its end. Null when its messages are
 * not in the history, or not as they were said. `finishedAt` is an ISO time.
 */
export function answeredAs(
  version: SessionVersion,
  { intent, steps }: TurnRecord,
  finishedAt: string,
): TurnResult | null {
  if (!version.turns.includes(intent.turn)) return null
  const ts = messageTime(intent.acceptedAt)
  const question = version.messages.findLastIndex(
    (message) => message.role === 'user' && message.ts === ts && message.content === intent.message,
  )
  const answer = question === -1 ? undefined : version.messages[question + 1]
  if (answer?.role !== 'assistant') return null
  const calls = steps.filter((step) => step.kind === 'model')
  const usage = calls.reduce((sum, call) => addUsage(sum, call.usage), NO_USAGE)
  const cost = calls.reduce((sum, call) => sum + call.cost, 0)
  return {
    status: 'completed',
    response: answer.content,
    tokens: totalTokens(usage),
    cost,
    finishedAt,
    ...taintedIf(answer.tainted),
  }
}
