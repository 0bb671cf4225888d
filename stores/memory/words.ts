import type { DatabaseSync } from 'node:sqlite'

/** More words make a query slow and no better. */
const MOST_WORDS = 64
/** BM25 looks at each passage that has a word of the query: at most so many, however large the index is. */
export const MOST_WEIGHED = 50_000

/** What a search by keyword looks for. */
export interface WordQuery {
  /** An FTS5 query. */
  readonly match: string
  /** False: too many passages have each of the words for one to be better than another. */
  readonly isTelling: boolean
}

/**
 * Finds any word of a text; null when it has none. In a large index the words that most passages have
 * are left out, beginning with the most frequent: they tell nothing about a passage, and BM25 gives them next to no weight.
 */
export function anyWord(db: DatabaseSync, text: string): WordQuery | null {
  const words = wordsOf(text)
  if (words.length === 0) return null
  const { highest } = db.prepare('SELECT max(id) AS highest FROM passages').get() as {
    highest: number | null
  }
  if ((highest ?? 0) <= MOST_WEIGHED) return { match: words.join(' OR '), isTelling: true }
  return telling(db, words)
}

/** Quoted, so that no word is taken for an operator. */
const wordsOf = (text: string): readonly string[] =>
  [...new Set(text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])]
    .slice(0, MOST_WORDS)
    .map((word) => `"${word}"`)

/** The rarest words, as many as there may be passages with them; always one. */
function telling(db: DatabaseSync, words: readonly string[]): WordQuery | null {
  const count = db.prepare(
    `SELECT count(*) AS passages FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ${MOST_WEIGHED})`,
  )
  const counted = words
    .map((word) => ({ word, passages: count.get(word)?.passages as number }))
    .filter(({ passages }) => passages > 0)
    .toSorted((a, b) => a.passages - b.passages)
  const [rarest] = counted
  if (rarest === undefined) return null
  let sum = 0
  const kept = counted.filter(({ passages }, index) => {
    sum += passages
    return index === 0 || sum <= MOST_WEIGHED
  })
  return { match: kept.map(({ word }) => word).join(' OR '), isTelling: rarest.passages < MOST_WEIGHED }
}
