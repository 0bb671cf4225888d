import type { ClawDecl, SemanticMemoryDecl } from '../../bytecode/manifest.ts'
import { recall } from '../memory/recall.ts'
import { recalledMessage } from '../memory/recalled-message.ts'
import { Fault } from '../ports/fault.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { StoredMessage } from '../ports/sessions.ts'
import type { TokenCounter } from '../ports/tokens.ts'
import type { OpenTurn } from './turn.ts'

/** The memory from which an agent's prompts are enriched; null = none. */
export const recallingMemory = ({ semanticMemory }: ClawDecl): SemanticMemoryDecl | null =>
  semanticMemory?.search === 'none' ? null : semanticMemory

/**
 * What the session remembers that bears on the message: one message, or none. A memory that fails costs the turn
 * nothing but the recall.
 */
export async function recalled(
  turn: OpenTurn,
  memory: SemanticMemoryDecl,
  options: {
    readonly inPrompt: readonly StoredMessage[]
    readonly maxTokens: number
    readonly counter: TokenCounter
  },
): Promise<readonly ModelMessage[]> {
  const { world, agent, ref, version, message, call } = turn
  const audited = { agent: agent.name, sessionKey: ref.key, requestId: call.requestId }
  try {
    const { topK } = memory
    const { inPrompt } = options
    const hits = await recall(world, {
      ref,
      version,
      agent,
      memory,
      text: message,
      topK,
      inPrompt,
      withTainted: false,
      call,
    })
    const found = recalledMessage(hits, options.maxTokens, options.counter)
    if (found === null) return []
    world.audit.record({ event: 'memory.recalled', ...audited, metadata: { passages: hits.length } })
    return [found]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    world.audit.record({ event: 'memory.failed', ...audited, detail: error.code })
    world.output.warn('nothing was recalled', error)
    return []
  }
}
