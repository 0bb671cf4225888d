import type { DatabaseSync } from 'node:sqlite'
import type { IndexedSource, Passage } from '../../agents/ports/memory.ts'

/**
 * Brings the index up to its sources: what is new or another is read, what is gone is deleted. Deleting comes last, so
 * that a passage which has moved (from the live history into the archive) keeps its vector.
 */
export function syncSources(db: DatabaseSync, sources: readonly IndexedSource[]): void {
  const known = new Map(
    db
      .prepare('SELECT name, version FROM sources')
      .all()
      .map(({ name, version }) => [name as string, version as string]),
  )
  const changed = sources.filter(({ name, version }) => known.get(name) !== version)
  const stale: number[] = []
  for (const source of changed) stale.push(...updateSource(db, source))
  const current = new Set(sources.map(({ name }) => name))
  for (const name of known.keys()) {
    if (current.has(name)) continue
    stale.push(...rowsOf(db, name).map(({ id }) => id))
    db.prepare('DELETE FROM sources WHERE name = ?').run(name)
  }
  deleteRows(db, stale)
}

/** Adds what is new in a source; returns the rows that are no longer in it. */
function updateSource(db: DatabaseSync, { name, version, passages }: IndexedSource): readonly number[] {
  const before = new Map(rowsOf(db, name).map((row) => [identityOf(row), row.id]))
  const wanted = new Map(passages().map((passage) => [identityOf(passage), passage]))
  for (const [identity, passage] of wanted) {
    if (!before.delete(identity)) addPassage(db, name, passage)
  }
  db.prepare('INSERT OR REPLACE INTO sources (name, version) VALUES (?, ?)').run(name, version)
  return [...before.values()]
}

const identityOf = ({ key, text, isTainted }: Pick<Passage, 'key' | 'text' | 'isTainted'>): string =>
  `${key} ${isTainted} ${text}`

const rowsOf = (db: DatabaseSync, source: string) =>
  db
    .prepare('SELECT id, key, text, tainted FROM passages WHERE source = ?')
    .all(source)
    .map(({ id, key, text, tainted }) => ({
      id: id as number,
      key: key as string,
      text: text as string,
      isTainted: tainted === 1,
    }))

function addPassage(db: DatabaseSync, source: string, { key, kind, ts, text, isTainted }: Passage): void {
  const twin = db
    .prepare('SELECT model, vector FROM passages WHERE key = ? AND text = ? AND vector IS NOT NULL')
    .get(key, text)
  const { lastInsertRowid } = db
    .prepare(
      'INSERT INTO passages (source, key, kind, ts, text, tainted, model, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(source, key, kind, ts, text, isTainted ? 1 : 0, twin?.model ?? null, twin?.vector ?? null)
  db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)').run(lastInsertRowid, text)
}

function deleteRows(db: DatabaseSync, ids: readonly number[]): void {
  const words = db.prepare('DELETE FROM words WHERE rowid = ?')
  const passage = db.prepare('DELETE FROM passages WHERE id = ?')
  for (const id of ids) {
    words.run(id)
    passage.run(id)
  }
}
