import type { StoredMessage } from '../ports/sessions.ts'

/** A user message and everything up to the next one (design 3.1). */
export type HistoryTurn = readonly StoredMessage[]

export interface HistoryTurns {
  /** What stands before the first turn: the summary of those that were compacted. */
  readonly preamble: readonly StoredMessage[]
  /** Oldest first. */
  readonly turns: readonly HistoryTurn[]
}

/** A history cut at its user messages. */
export function historyTurns(history: readonly StoredMessage[]): HistoryTurns {
  const starts = history.flatMap((message, index) => (message.role === 'user' ? [index] : []))
  return {
    preamble: history.slice(0, starts[0] ?? history.length),
    turns: starts.map((start, index) => history.slice(start, starts[index + 1])),
  }
}
