import type { DatabaseSync } from 'node:sqlite'

/** Passages that one search sends to be embedded; a longer backlog is worked off by the next ones. */
const MOST_AT_ONCE = 256
/**
 * Passages that have a vector, the newest ones: a search compares with each of them, which takes 4 MB of reading for a
 * thousand of 1024 numbers. Older ones are found by their words.
 */
const MOST_VECTORS = 10_000
/** They are removed by so many at once. */
const SURPLUS = 1000

export interface Unembedded {
  readonly id: number
  readonly text: string
}

/** Of the newest passages those without a vector of the model, newest first. */
export const unembedded = (db: DatabaseSync, model: string): readonly Unembedded[] =>
  db
    .prepare(
      `SELECT p.id, p.text FROM (SELECT id, ts FROM passages ORDER BY ts DESC, id LIMIT ${MOST_VECTORS}) newest
        JOIN passages p ON p.id = newest.id
        WHERE newest.id NOT IN (SELECT id FROM vectors WHERE model = ?)
        ORDER BY newest.ts DESC, newest.id LIMIT ${MOST_AT_ONCE}`,
    )
    .all(model) as unknown as Unembedded[]

/** Keeps vectors. A passage that was deleted meanwhile gets none, nor does another under its number. */
export function keepVectors(
  db: DatabaseSync,
  model: string,
  rows: readonly Unembedded[],
  vectors: readonly Float32Array[],
): void {
  const keep = db.prepare(
    'INSERT OR REPLACE INTO vectors SELECT id, ?, ?, ? FROM passages WHERE id = ? AND text = ?',
  )
  rows.forEach(({ id, text }, index) => {
    const vector = vectors[index]
    if (vector) keep.run(model, vector.byteLength, bytesOf(vector), id, text)
  })
  dropSurplus(db)
}

/** Newer passages have come in place of the oldest ones. */
function dropSurplus(db: DatabaseSync): void {
  const { kept } = db.prepare('SELECT count(*) AS kept FROM vectors').get() as { kept: number }
  if (kept < MOST_VECTORS + SURPLUS) return
  db.prepare(
    `DELETE FROM vectors WHERE id NOT IN (SELECT id FROM passages ORDER BY ts DESC, id LIMIT ${MOST_VECTORS})`,
  ).run()
}

/** Vectors of another dimension than a model now gives are of no use: they are to be made again. */
export function dropOtherDimensions(db: DatabaseSync, model: string, query: Float32Array): void {
  db.prepare('DELETE FROM vectors WHERE model = ? AND bytes <> ?').run(model, query.byteLength)
}

/** How much alike each passage is to the query if it is by more than `least`, -1 to 1, best first. */
export function similarities(
  db: DatabaseSync,
  model: string,
  query: Float32Array,
  least: number,
): readonly (readonly [id: number, similarity: number])[] {
  const found: [number, number][] = []
  for (const { id, vector } of db.prepare('SELECT id, vector FROM vectors WHERE +model = ?').iterate(model)) {
    const similarity = dot(query, vectorOf(vector as Uint8Array))
    if (similarity > least) found.push([id as number, similarity])
  }
  return found.toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** A copy only where SQLite's bytes do not lie as 32-bit numbers must. */
const vectorOf = (bytes: Uint8Array): Float32Array =>
  bytes.byteOffset % 4 === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    : new Float32Array(Uint8Array.from(bytes).buffer)

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number)
  return sum
}
