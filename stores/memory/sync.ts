import type { DatabaseSync } from 'node:sqlite'
import type { IndexedSource } from '../../agents/ports/memory.ts'

/** Brings the index up to its sources: what is new or another is read, what is gone is deleted. */
export function syncSources(db: DatabaseSync, sources: readonly IndexedSource[]): void {
  const known = new Map(
    db
      .prepare('SELECT name, version FROM sources')
      .all()
      .map(({ name, version }) => [name as string, version as string]),
  )
  const current = new Set(sources.map(({ name }) => name))
  for (const name of known.keys()) if (!current.has(name)) dropSource(db, name)
  for (const source of sources) {
    if (known.get(source.name) === source.version) continue
    dropSource(db, source.name)
    addSource(db, source)
  }
}

function dropSource(db: DatabaseSync, name: string): void {
  db.prepare('DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE source = ?)').run(name)
  db.prepare('DELETE FROM passages WHERE source = ?').run(name)
  db.prepare('DELETE FROM sources WHERE name = ?').run(name)
}

function addSource(db: DatabaseSync, source: IndexedSource): void {
  const passage = db.prepare('INSERT INTO passages (source, key, kind, ts, text) VALUES (?, ?, ?, ?, ?)')
  const words = db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)')
  for (const { key, kind, ts, text } of source.passages()) {
    const { lastInsertRowid } = passage.run(source.name, key, kind, ts, text)
    words.run(lastInsertRowid, text)
  }
  db.prepare('INSERT INTO sources (name, version) VALUES (?, ?)').run(source.name, source.version)
}
