import type { ClawDecl, SemanticMemoryDecl } from '../../bytecode/manifest.ts'
import { faultText } from '../ports/fault.ts'
import type { IndexedSource, MemoryHit } from '../ports/memory.ts'
import type { SessionRef, SessionVersion, StoredMessage } from '../ports/sessions.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { memoryEmbedder } from './embedding.ts'
import { passageKey, passagesOf } from './passages.ts'

/** The live history among the sources; the file that people read. */
const LIVE = 'current.jsonl'

export interface RecallRequest {
  readonly ref: SessionRef
  /** The live history. */
  readonly version: SessionVersion
  readonly agent: ClawDecl
  readonly memory: SemanticMemoryDecl
  readonly text: string
  readonly topK: number
  /** Messages that need not be recalled, since they are in the prompt. */
  readonly inPrompt: readonly StoredMessage[]
  /** Also what is quarantined, because strangers may have had a part in it. */
  readonly withTainted: boolean
  readonly call: Pick<CallContext, 'signal' | 'deadlineAt' | 'requestId'>
}

/**
 * What an agent remembers of one session that bears on a text, best first: facts, archived turns and those of the
 * live history (design 9.20: never of another session or agent). Without vectors, because
 * the embedding endpoint is down, it is looked up by keyword, with an audit record. Throws `memory_unavailable` and the Faults of the tree.
 */
export async function recall(world: World, request: RecallRequest): Promise<readonly MemoryHit[]> {
  const { ref, version, agent, memory, text, topK, inPrompt, withTainted, call } = request
  const { search } = memory
  if (search === 'none') return []
  const kept = await world.memories.sources(ref)
  // Most sessions are young: all that there is of them is in the prompt. An index is looked up all the same, since it
  // may hold what has been deleted meanwhile.
  const isAllInPrompt = kept.length === 0 && inPrompt.length === version.messages.length
  if (isAllInPrompt && !(await world.memoryIndex.holds(ref))) return []
  const live = { name: LIVE, version: `${version.sessionId}.${version.seq}`, read: () => version.messages }
  const sources = [...kept, live].map(
    ({ name, version, read }): IndexedSource => ({
      name,
      version,
      passages: () => passagesOf(read(), world.hash),
    }),
  )
  const except = new Set(inPrompt.map((message) => passageKey(message, world.hash)))
  const embedder = await memoryEmbedder(world, agent, memory, call)
  const query = { sources, text, search, embedder, topK, except, withTainted }
  const { hits, behind, degraded } = await world.memoryIndex.search(ref, query)
  if (behind > 0) {
    world.output.warn(
      `memory is still being indexed: ${behind} of ${sources.length} files of ${agent.name} are not searched yet; each lookup reads more of them`,
    )
  }
  if (degraded !== null) {
    const { requestId } = call
    const detail = degraded.code
    world.audit.record({
      event: 'memory.degraded',
      agent: agent.name,
      sessionKey: ref.key,
      requestId,
      detail,
    })
    world.output.warn(`memory was searched by keyword only: ${faultText(degraded)}`)
  }
  return hits
}
