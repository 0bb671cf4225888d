import type { DatabaseSync } from 'node:sqlite'

/** Passages that one search sends to be embedded; a longer backlog is worked off by the next ones. */
const MOST_AT_ONCE = 256

export interface Unembedded {
  readonly id: number
  readonly text: string
}

/** Passages without a vector of the model, newest first. */
export const unembedded = (db: DatabaseSync, model: string): readonly Unembedded[] =>
  db
    .prepare('SELECT id, text FROM passages WHERE model IS NOT ? ORDER BY ts DESC, id LIMIT ?')
    .all(model, MOST_AT_ONCE) as unknown as Unembedded[]

/** Keeps vectors. A passage that was deleted meanwhile gets none, nor does another under its number. */
export function keepVectors(
  db: DatabaseSync,
  model: string,
  rows: readonly Unembedded[],
  vectors: readonly Float32Array[],
): void {
  const update = db.prepare('UPDATE passages SET model = ?, vector = ? WHERE id = ? AND text = ?')
  rows.forEach(({ id, text }, index) => {
    const vector = vectors[index]
    if (vector) update.run(model, bytesOf(vector), id, text)
  })
}

/** Vectors of another dimension than a model now gives are of no use: they are to be made again. */
export function dropOtherDimensions(db: DatabaseSync, model: string, query: Float32Array): void {
  db.prepare('UPDATE passages SET model = NULL, vector = NULL WHERE model = ? AND length(vector) <> ?').run(
    model,
    query.byteLength,
  )
}

/** How much alike each passage is to the query, -1 to 1, best first. */
export function similarities(
  db: DatabaseSync,
  model: string,
  query: Float32Array,
): readonly (readonly [id: number, similarity: number])[] {
  const found: [number, number][] = []
  for (const { id, vector } of db.prepare('SELECT id, vector FROM passages WHERE model = ?').iterate(model)) {
    found.push([id as number, dot(query, vectorOf(vector as Uint8Array))])
  }
  return found.toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** A copy: SQLite's bytes need not lie where 32-bit numbers may. */
const vectorOf = (bytes: Uint8Array): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer)

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number)
  return sum
}
