import type { Embedder } from '../agents/ports/embeddings.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import { sdkFailure, unreadable } from './failure.ts'
import type { Connection, Endpoint } from './openai.ts'
import { connect } from './openai-client.ts'

export interface OpenAIEmbedderOptions extends Endpoint, Connection {
  readonly model: string
  readonly clock: Clock
  readonly timers: Timers
}

/** Anything that speaks OpenAI's embeddings, Ollama too. */
export function openaiEmbedder(options: OpenAIEmbedderOptions): Embedder {
  const { name, model, clock, timers } = options
  const client = connect(options)
  return {
    model,
    leastSimilarity: 0,
    share: 0.7,
    async embed(texts, { signal, deadlineAt }) {
      signal.throwIfAborted()
      const left = deadlineAt - clock.now()
      if (left <= 0) throw new Fault('provider_timeout', { provider: name })
      const deadline = timers.deadline(left)
      const either = AbortSignal.any([signal, deadline.signal])
      try {
        const { data } = await client.embeddings.create(
          { model, input: [...texts], encoding_format: 'float' },
          { signal: either },
        )
        const vectors = vectorsOf(data, texts.length)
        if (vectors === null) throw unreadable(name).fault
        return vectors
      } catch (error) {
        signal.throwIfAborted()
        if (deadline.signal.aborted) throw new Fault('provider_timeout', { provider: name })
        throw error instanceof Fault ? error : sdkFailure(name, error, clock.now()).fault
      } finally {
        deadline.cancel()
      }
    },
  }
}

/** Vectors of length 1 in the order of the texts; null when the answer does not fit them. */
function vectorsOf(data: unknown, count: number): readonly Float32Array[] | null {
  if (!Array.isArray(data) || data.length !== count) return null
  const vectors = data.map((each: { readonly embedding?: unknown } | null) => unitVector(each?.embedding))
  const dimension = vectors[0]?.length
  return vectors.every((vector) => vector !== null && vector.length === dimension)
    ? (vectors as Float32Array[])
    : null
}

function unitVector(values: unknown): Float32Array | null {
  if (!Array.isArray(values) || values.length === 0) return null
  if (!values.every((value) => Number.isFinite(value))) return null
  const length = Math.hypot(...values)
  return length === 0 ? null : Float32Array.from(values, (value) => value / length)
}
