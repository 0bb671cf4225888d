import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../agents/ports/fault.ts'
import type { MemoryAnswer, MemoryIndex, MemoryQuery } from '../../agents/ports/memory.ts'
import type { SessionRef } from '../../agents/ports/sessions.ts'
import { embedMissing } from './embed-missing.ts'
import { indexFile, isIndexed, type SqliteIndexOptions } from './index-file.ts'
import { type QueryVector, rank } from './rank.ts'
import { prepareIndex } from './schema.ts'
import { syncSources } from './sync.ts'

export interface SqliteSearchOptions extends SqliteIndexOptions {
  /** Passages that one search reads into the index at most, and what is left of the file that they end in. */
  readonly slice?: number
}

/** Takes half a second: an index of any size is made in the course of many searches, and none waits for it. */
const SLICE = 10_000

/** `backend: "sqlite"`: one small database a session, so that nothing can be found across sessions or agents. */
export function sqliteMemoryIndex(options: SqliteSearchOptions): MemoryIndex {
  const fileOf = (ref: SessionRef): string => indexFile(options, ref)

  const { slice = SLICE } = options
  return {
    holds: async (ref) => isIndexed(options, ref),

    async search(ref, query) {
      return await withFaults(() => searchOrRenew(fileOf(ref), query, slice))
    },

    async drop(ref) {
      await withFaults(async () => removeIndex(fileOf(ref)))
    },
  }
}

/** What goes wrong with the index or its file is `memory_unavailable`. */
async function withFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDatabaseError(error)) throw error
    throw new Fault('memory_unavailable', { problem: error.message }, { cause: error })
  }
}

/** Searches once more when the index could not be used: anew, or after the other process that was using it. */
async function searchOrRenew(file: string, query: MemoryQuery, slice: number): Promise<MemoryAnswer> {
  try {
    return await searchIn(file, query, slice)
  } catch (error) {
    if (!isDatabaseError(error)) throw error
    // Damaged, or of another release: it holds nothing that the tree does not.
    if (!isBusy(error)) removeIndex(file)
  }
  return await searchIn(file, query, slice)
}

async function searchIn(file: string, query: MemoryQuery, slice: number): Promise<MemoryAnswer> {
  const db = await openIndex(file)
  try {
    db.exec('BEGIN IMMEDIATE')
    const behind = syncSources(db, query.sources, slice)
    db.exec('COMMIT')
    const { embedded, degraded } = await embeddedQuery(db, query)
    return { hits: rank(db, query, embedded), degraded, behind }
  } finally {
    db.close()
  }
}

/** No lock is held while an endpoint is asked. */
async function embeddedQuery(db: DatabaseSync, query: MemoryQuery): Promise<Embedded> {
  if (query.embedder === null || query.search === 'keyword') return { embedded: null, degraded: null }
  try {
    return { embedded: await embedMissing(db, query.text, query.embedder), degraded: null }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { embedded: null, degraded: error }
  }
}

interface Embedded {
  readonly embedded: QueryVector | null
  readonly degraded: Fault | null
}

/** Only this user may read what was said. */
async function openIndex(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite')
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(file)
  try {
    if (prepareIndex(db)) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  throw new OtherRelease()
}

class OtherRelease extends Error {
  constructor() {
    super('it was made by another release')
  }
}

/** Of SQLite or of the file system; no other error is about the index. */
const isDatabaseError = (error: unknown): error is Error =>
  typeof error === 'object' &&
  error !== null &&
  (error instanceof OtherRelease || 'errcode' in error || 'syscall' in error)

/** SQLITE_BUSY: another process is using the index, so nothing is wrong with it. */
const isBusy = (error: Error): boolean => 'errcode' in error && error.errcode === 5

function removeIndex(file: string): void {
  for (const each of [file, `${file}-journal`]) rmSync(each, { force: true })
}
