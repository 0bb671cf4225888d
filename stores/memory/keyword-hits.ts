import type { DatabaseSync } from 'node:sqlite'
import type { MemoryHit, MemoryQuery, Passage } from '../../agents/ports/memory.ts'
import { anyWord } from './words.ts'

/** Passages with a word of the query, by BM25 (k1 1.2, b 0.75); scores are relative to the best. */
export function keywordHits(db: DatabaseSync, query: MemoryQuery): readonly MemoryHit[] {
  const match = anyWord(query.text)
  if (match === null) return []
  const rows = db
    .prepare(
      `SELECT source, key, kind, ts, passages.text AS text, -bm25(words) AS relevance
       FROM words JOIN passages ON passages.id = words.rowid
       WHERE words MATCH ? ORDER BY bm25(words), passages.ts DESC, passages.id`,
    )
    .iterate(match)
  const hits: MemoryHit[] = []
  const seen = new Set<string>()
  let best: number | null = null
  for (const row of rows) {
    const { source, key, kind, ts, text, relevance } = row as unknown as Passage & {
      source: string
      relevance: number
    }
    best ??= relevance
    const identity = `${key} ${text}`
    if (query.except.has(key) || seen.has(identity)) continue
    seen.add(identity)
    hits.push({ source, key, kind, ts, text, score: best > 0 ? relevance / best : 1 })
    if (hits.length === query.topK) break
  }
  return hits
}
