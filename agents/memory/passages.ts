import { type HistoryTurn, historyTurns } from '../claw/history-turns.ts'
import type { Hash } from '../ports/ids.ts'
import type { Passage } from '../ports/memory.ts'
import type { StoredMessage } from '../ports/sessions.ts'

/** Characters of a passage, and those that it shares with the one before it. */
const LONGEST = 1000
const OVERLAP = 100

/** What remembered lines say: a fact or summary each, or a turn each, in passages of at most 1000 characters. */
export function passagesOf(messages: readonly StoredMessage[], hash: Hash): readonly Passage[] {
  const { preamble, turns } = historyTurns(messages)
  return [
    ...preamble.flatMap((message) =>
      chunks(message.content).map((text) => ({
        key: passageKey(message, hash),
        kind: 'fact' as const,
        text,
        ts: message.ts,
        isTainted: message.tainted === true,
      })),
    ),
    ...turns.flatMap((turn) => {
      const first = turn[0] as StoredMessage
      return byTaint(turn).flatMap(({ messages, isTainted }) =>
        chunks(messages.map(({ role, content }) => `${role}: ${content}`).join('\n')).map((text) => ({
          key: passageKey(first, hash),
          kind: 'turn' as const,
          text,
          ts: first.ts,
          isTainted,
        })),
      )
    }),
  ]
}

/** A turn, or its two parts: what the user said himself stays knowledge when the answer to it is none. */
function byTaint(
  turn: HistoryTurn,
): readonly { readonly messages: HistoryTurn; readonly isTainted: boolean }[] {
  const parts = [
    { messages: turn.filter(({ tainted }) => !tainted), isTainted: false },
    { messages: turn.filter(({ tainted }) => tainted), isTainted: true },
  ]
  return parts.filter(({ messages }) => messages.length > 0)
}

/** A fact, or the turn that a user message begins. */
export const passageKey = ({ role, content, ts }: StoredMessage, hash: Hash): string =>
  hash.sha256(JSON.stringify([role, ts, content]))

function chunks(text: string): readonly string[] {
  const found: string[] = []
  for (let start = 0; start < text.length; start += LONGEST - OVERLAP) {
    found.push(text.slice(start, start + LONGEST).toWellFormed())
    if (start + LONGEST >= text.length) break
  }
  return found
}
