import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../agents/ports/fault.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { MemoryHit, MemoryIndex, MemoryQuery } from '../../agents/ports/memory.ts'
import type { SessionRef } from '../../agents/ports/sessions.ts'
import { keywordHits } from './keyword-hits.ts'
import { prepareIndex } from './schema.ts'
import { syncSources } from './sync.ts'

export interface SqliteIndexOptions {
  /** Absolute; on a local disk, since SQLite needs locks that a network file system does not have. */
  readonly directory: string
  /** Absolute path of the sessions directory: another tree has other indexes. */
  readonly tree: string
  readonly hash: Hash
}

/** `backend: "sqlite"`: one small database a session, so that nothing can be found across sessions or agents. */
export function sqliteMemoryIndex(options: SqliteIndexOptions): MemoryIndex {
  const fileOf = ({ agent, key }: SessionRef): string =>
    join(options.directory, `${options.hash.sha256(JSON.stringify([options.tree, agent, key]))}.sqlite`)

  return {
    async search(ref, query) {
      const file = fileOf(ref)
      try {
        return await searchIn(file, query)
      } catch (error) {
        // Damaged, or of another release: it holds nothing that the tree does not.
        if (!isBusy(error)) removeIndex(file)
      }
      try {
        return await searchIn(file, query)
      } catch (error) {
        throw new Fault('memory_unavailable', { problem: problemOf(error) }, { cause: error })
      }
    },
  }
}

async function searchIn(file: string, query: MemoryQuery): Promise<readonly MemoryHit[]> {
  const db = await openIndex(file)
  try {
    db.exec('BEGIN IMMEDIATE')
    syncSources(db, query.sources)
    const hits = keywordHits(db, query)
    db.exec('COMMIT')
    return hits
  } finally {
    db.close()
  }
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
  throw new Error('the index was made by another release')
}

/** SQLITE_BUSY: another process is using the index, so nothing is wrong with it. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 5

function removeIndex(file: string): void {
  for (const each of [file, `${file}-journal`]) rmSync(each, { force: true })
}

/** SQLite's own words name no content; those of the file system name the path. */
const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
