import type { DatabaseSync } from 'node:sqlite'
import type { IndexedSource, Passage } from '../../agents/ports/memory.ts'

/**
 * Brings the index up to its sources: what is new or another is read, what is gone is deleted. Deleting comes last, so
 * that a passage which has moved (from the live history into the archive) keeps its vector. Reads whole sources, the last
 * ones first, until there were `most` passages in them; answers how many sources are left for the next time.
 */
export function syncSources(db: DatabaseSync, sources: readonly IndexedSource[], most: number): number {
  const known = new Map(
    db
      .prepare('SELECT name, version FROM sources')
      .all()
      .map(({ name, version }) => [name as string, version as string]),
  )
  const changed = sources.filter((source) => !isKnown(source, known.get(source.name))).reverse()
  const rows = new Rows(db)
  const stale: number[] = []
  let seen = 0
  let left = changed.length
  for (const source of changed) {
    if (seen >= most) break
    const passages = source.passages()
    stale.push(...rows.update(source, passages))
    seen += passages.length
    left -= 1
  }
  const current = new Set(sources.map(({ name }) => name))
  for (const name of known.keys()) {
    if (!current.has(name)) stale.push(...rows.dropSource(name))
  }
  rows.delete(stale)
  return left
}

const isKnown = ({ version }: IndexedSource, known: string | undefined): boolean =>
  known !== undefined && (version === null || version === known)

interface Row extends Identified {
  readonly id: number
}

/** What makes a passage of a source the same one. */
interface Identified {
  readonly key: string
  readonly text: string
  readonly isTainted: boolean
}

/** The statements of one synchronisation. */
class Rows {
  readonly #ofSource
  readonly #twin
  readonly #addPassage
  readonly #addWords
  readonly #addVector
  readonly #keepSource
  readonly #dropSource
  readonly #deletions

  constructor(db: DatabaseSync) {
    this.#ofSource = db.prepare('SELECT id, key, text, tainted FROM passages WHERE source = ?')
    this.#twin = db.prepare(
      'SELECT v.id FROM passages p JOIN vectors v ON v.id = p.id WHERE p.key = ? AND p.text = ? LIMIT 1',
    )
    this.#addPassage = db.prepare(
      'INSERT INTO passages (source, key, kind, ts, text, tainted) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#addWords = db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)')
    this.#addVector = db.prepare(
      'INSERT INTO vectors SELECT ?, model, bytes, vector FROM vectors WHERE id = ?',
    )
    this.#keepSource = db.prepare('INSERT OR REPLACE INTO sources (name, version) VALUES (?, ?)')
    this.#dropSource = db.prepare('DELETE FROM sources WHERE name = ?')
    this.#deletions = ['words WHERE rowid', 'vectors WHERE id', 'passages WHERE id'].map((row) =>
      db.prepare(`DELETE FROM ${row} = ?`),
    )
  }

  /** Adds what is new in a source; returns the rows that are no longer in it. */
  update({ name, version }: IndexedSource, passages: readonly Passage[]): readonly number[] {
    const before = new Map(this.#of(name).map((row) => [identityOf(row), row.id]))
    const wanted = new Map(passages.map((passage) => [identityOf(passage), passage]))
    for (const [identity, passage] of wanted) {
      if (!before.delete(identity)) this.#add(name, passage)
    }
    this.#keepSource.run(name, version ?? FINAL)
    return [...before.values()]
  }

  /** Returns its rows. */
  dropSource(name: string): readonly number[] {
    this.#dropSource.run(name)
    return this.#of(name).map(({ id }) => id)
  }

  delete(ids: readonly number[]): void {
    for (const id of ids) for (const deletion of this.#deletions) deletion.run(id)
  }

  #of(source: string): readonly Row[] {
    return this.#ofSource.all(source).map(({ id, key, text, tainted }) => ({
      id: id as number,
      key: key as string,
      text: text as string,
      isTainted: tainted === 1,
    }))
  }

  #add(source: string, { key, kind, ts, text, isTainted }: Passage): void {
    const twin = this.#twin.get(key, text)
    const id = this.#addPassage.run(source, key, kind, ts, text, isTainted ? 1 : 0).lastInsertRowid
    this.#addWords.run(id, text)
    if (twin) this.#addVector.run(id, twin.id as number)
  }
}

/** Kept for a source that was read when it had no version any more. */
const FINAL = 'final'

const identityOf = ({ key, text, isTainted }: Identified): string => `${key} ${isTainted} ${text}`
