import { framed } from '../ports/framed.ts'
import { type MemoryHit, RECALLED_HEADING } from '../ports/memory.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { TokenCounter } from '../ports/tokens.ts'
import { messageTokens } from '../turn/tokens.ts'

/**
 * Recalled passages as the model sees them: a user message, since nothing in it may speak as the system, and JSON
 * lines, since no text can then be mistaken for what surrounds it. As many as `maxTokens` by `counter` hold; null = none.
 */
export function recalledMessage(
  hits: readonly MemoryHit[],
  maxTokens: number,
  counter: TokenCounter,
): ModelMessage | null {
  let message: ModelMessage | null = null
  const passages: object[] = []
  for (const { kind, ts, text } of hits) {
    passages.push({ kind, when: ts, text })
    const longer: ModelMessage = { role: 'user', content: framed(RECALLED_HEADING, passages) }
    if (messageTokens(counter, longer) > maxTokens) return message
    message = longer
  }
  return message
}
