import type { DatabaseSync } from 'node:sqlite'
import type { VectorTraits } from '../../agents/ports/embeddings.ts'
import type { MemoryHit, MemoryQuery } from '../../agents/ports/memory.ts'
import { similarities } from './vectors.ts'
import { anyWord, MOST_WEIGHED } from './words.ts'

/** Row and score, best first. */
type Ranking = Iterable<readonly [id: number, score: number]>

/** The vector of the query. */
export interface QueryVector extends VectorTraits {
  readonly vector: Float32Array
}

/** The best passages of an index. Without a vector every search is one by keyword. */
export function rank(
  db: DatabaseSync,
  query: MemoryQuery,
  embedded: QueryVector | null,
): readonly MemoryHit[] {
  const keyword = () => byKeyword(db, query.text)
  if (embedded === null) return best(db, query, keyword(), query.topK)
  const vector = similarities(db, embedded.model, embedded.vector, embedded.leastSimilarity)
  if (query.search === 'vector') return best(db, query, vector, query.topK)
  const hits = fused(
    best(db, query, vector, 2 * query.topK),
    best(db, query, keyword(), 2 * query.topK),
    embedded.share,
  )
  return hits.slice(0, query.topK)
}

/** Passages with a word of the query, by BM25 (k1 1.2, b 0.75). */
function* byKeyword(db: DatabaseSync, text: string): Ranking {
  const query = anyWord(db, text)
  if (query === null) return
  // The weight of a word takes a walk over all passages that have it.
  const weight = query.isTelling ? '-bm25(words)' : '1'
  const rows = db
    .prepare(
      `SELECT id, score FROM (
        SELECT rowid AS id, ${weight} AS score FROM words WHERE words MATCH ? LIMIT ${MOST_WEIGHED}
      ) ORDER BY score DESC, id DESC`,
    )
    .iterate(query.match)
  for (const { id, score } of rows) yield [id as number, score as number]
}

/** The first passages that are wanted, no text twice; scores are relative to the best of them. */
function best(db: DatabaseSync, query: MemoryQuery, ranking: Ranking, count: number): readonly MemoryHit[] {
  const passage = db.prepare('SELECT source, key, kind, ts, text, tainted FROM passages WHERE id = ?')
  const hits = new Map<string, MemoryHit>()
  for (const [id, score] of ranking) {
    if (hits.size === count) break
    const found = passage.get(id) as PassageRow | undefined
    // Another process may have deleted it since it was ranked.
    if (found === undefined) continue
    const { tainted, ...row } = found
    const hit = { ...row, isTainted: tainted === 1, score }
    if (hit.isTainted && !query.withTainted) continue
    const identity = identityOf(hit)
    if (!query.except.has(hit.key) && !hits.has(identity)) hits.set(identity, hit)
  }
  const [first] = hits.values()
  return [...hits.values()].map((hit) => ({ ...hit, score: hit.score / (first?.score || 1) }))
}

type PassageRow = Omit<MemoryHit, 'score' | 'isTainted'> & { readonly tainted: number }

function fused(
  byVector: readonly MemoryHit[],
  byWord: readonly MemoryHit[],
  vectorShare: number,
): readonly MemoryHit[] {
  const hits = new Map<string, MemoryHit>()
  const add = (list: readonly MemoryHit[], share: number) => {
    for (const hit of list) {
      const identity = identityOf(hit)
      const before = hits.get(identity)?.score ?? 0
      hits.set(identity, { ...hit, score: before + share * hit.score })
    }
  }
  add(byVector, vectorShare)
  add(byWord, 1 - vectorShare)
  return [...hits.values()].toSorted((a, b) => b.score - a.score)
}

const identityOf = ({ key, text }: MemoryHit): string => `${key} ${text}`
