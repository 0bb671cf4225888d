import type { StoredMessage } from '../ports/sessions.ts'
import { type HistoryTurn, historyTurns } from './history-turns.ts'

export interface PromptHistory {
  readonly messages: readonly StoredMessage[]
  /** Oldest turns that are left out of the prompt; the session keeps them. */
  readonly leftOut: number
}

/**
 * The part of a history that goes into the prompt: the newest `maxTurns` turns, fewer while they cost more than
 * `maxTokens`. What stands before the first turn (a summary of compacted ones) is always kept.
 */
export function promptHistory(
  history: readonly StoredMessage[],
  limits: { readonly maxTurns: number; readonly maxTokens: number },
  tokensOf: (message: StoredMessage) => number,
): PromptHistory {
  const { preamble, turns } = historyTurns(history)
  const cost = (messages: HistoryTurn): number =>
    messages.reduce((sum, message) => sum + tokensOf(message), 0)
  let left = limits.maxTokens - cost(preamble)
  let kept = 0
  for (const turn of turns.slice(Math.max(0, turns.length - limits.maxTurns)).reverse()) {
    left -= cost(turn)
    if (left < 0) break
    kept += 1
  }
  const leftOut = turns.length - kept
  return { messages: [...preamble, ...turns.slice(leftOut).flat()], leftOut }
}
