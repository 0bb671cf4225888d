import type { SemanticMemoryDecl } from '../../bytecode/manifest.ts'
import type { IndexedSource, MemoryHit } from '../ports/memory.ts'
import type { SessionRef, SessionVersion, StoredMessage } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { passageKey, passagesOf } from './passages.ts'

/** The live history among the sources; the file that people read. */
const LIVE = 'current.jsonl'

export interface RecallRequest {
  readonly ref: SessionRef
  /** The live history. */
  readonly version: SessionVersion
  readonly memory: SemanticMemoryDecl
  readonly text: string
  readonly topK: number
  /** Messages that need not be recalled, since they are in the prompt. */
  readonly inPrompt: readonly StoredMessage[]
}

/**
 * What an agent remembers of one session that bears on a text, best first: facts, archived turns and those of the
 * live history (design 9.20: never of another session or agent). Throws `memory_unavailable` and the Faults of the tree.
 */
export async function recall(world: World, request: RecallRequest): Promise<readonly MemoryHit[]> {
  const { ref, version, memory, text, topK, inPrompt } = request
  if (memory.search === 'none') return []
  const live = { name: LIVE, version: `${version.sessionId}.${version.seq}`, read: () => version.messages }
  const sources = [...(await world.memories.sources(ref)), live].map(
    ({ name, version, read }): IndexedSource => ({
      name,
      version,
      passages: () => passagesOf(read(), world.hash),
    }),
  )
  const except = new Set(inPrompt.map((message) => passageKey(message, world.hash)))
  return await world.memoryIndex.search(ref, { sources, text, topK, except })
}
