import type { ClawDecl, SemanticMemoryDecl } from '../../bytecode/manifest.ts'
import { type Embedder, LOCAL_MODEL, type VectorTraits } from '../ports/embeddings.ts'
import { Fault } from '../ports/fault.ts'
import type { EmbedTexts } from '../ports/memory.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'

/** A lookup waits this long for vectors; then it is one by keyword. */
const WAIT_MS = 5000
/** An endpoint that failed is not asked again for this long: not every turn is to wait for it. */
const PAUSE_MS = 60_000

/** The embedder of an agent's memory, within the time of a call; null = it is searched by keyword. */
export async function memoryEmbedder(
  world: World,
  agent: ClawDecl,
  memory: SemanticMemoryDecl,
  call: Pick<CallContext, 'signal' | 'deadlineAt'>,
): Promise<EmbedTexts | null> {
  if (memory.search === 'keyword') return null
  const model = memory.embeddingModel ?? LOCAL_MODEL
  const embedder = await embedderOf(world, agent, model)
  const deadlineAt = Math.min(call.deadlineAt, world.clock.now() + WAIT_MS)
  const pauses = pausesOf(world)
  const embed: EmbedTexts['embed'] = async (texts) => {
    const pause = pauses.get(model)
    if (pause && world.clock.now() < pause.until) throw pause.fault
    if (embedder instanceof Fault) throw embedder
    try {
      return await embedder.embed(texts, { signal: call.signal, deadlineAt })
    } catch (error) {
      if (error instanceof Fault) pauses.set(model, { until: world.clock.now() + PAUSE_MS, fault: error })
      throw error
    }
  }
  return { ...(embedder instanceof Fault ? { model, ...UNUSED } : traitsOf(embedder)), embed }
}

const traitsOf = ({ model, leastSimilarity, share }: Embedder): VectorTraits => ({
  model,
  leastSimilarity,
  share,
})

/** There are no vectors to which they could apply. */
const UNUSED = { leastSimilarity: 0, share: 0 }

/** The Fault is told when the embedder is used: it costs a lookup its vectors, not its words. */
async function embedderOf(world: World, agent: ClawDecl, model: string): Promise<Embedder | Fault> {
  try {
    return await world.embedders.for(agent, model)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

interface Pause {
  /** Milliseconds since 1970. */
  readonly until: number
  readonly fault: Fault
}

const pauses = new WeakMap<World, Map<string, Pause>>()

function pausesOf(world: World): Map<string, Pause> {
  let found = pauses.get(world)
  if (!found) {
    found = new Map()
    pauses.set(world, found)
  }
  return found
}
