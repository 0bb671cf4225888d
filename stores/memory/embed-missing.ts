import type { DatabaseSync } from 'node:sqlite'
import type { EmbedTexts } from '../../agents/ports/memory.ts'
import type { QueryVector } from './rank.ts'
import { dropOtherDimensions, keepVectors, unembedded } from './vectors.ts'

/** Texts of one call: what every vendor accepts. */
const BATCH = 64

/**
 * Embeds the query together with passages that have no vector yet, and keeps these. Throws what the endpoint throws;
 * the vectors of the calls before it are kept.
 */
export async function embedMissing(
  db: DatabaseSync,
  text: string,
  embedder: EmbedTexts,
): Promise<QueryVector> {
  const { model, leastSimilarity, share } = embedder
  const rows = unembedded(db, model)
  let query: Float32Array | null = null
  for (let start = 0; start < rows.length || query === null; start += BATCH) {
    const batch = rows.slice(start, start + BATCH)
    const first = query === null ? [text] : []
    const vectors = await embedder.embed([...first, ...batch.map((row) => row.text)])
    query ??= vectors[0] as Float32Array
    keepVectors(db, model, batch, vectors.slice(first.length))
  }
  dropOtherDimensions(db, model, query)
  return { model, leastSimilarity, share, vector: query }
}
