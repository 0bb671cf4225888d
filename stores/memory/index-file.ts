import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Hash } from '../../agents/ports/ids.ts'
import type { SessionRef } from '../../agents/ports/sessions.ts'

export interface SqliteIndexOptions {
  /** Absolute; on a local disk, since SQLite needs locks that a network file system does not have. */
  readonly directory: string
  /** Absolute path of the sessions directory: another tree has other indexes. */
  readonly tree: string
  readonly hash: Hash
}

/** Absolute path of the index of a session. */
export const indexFile = (
  { directory, tree, hash }: SqliteIndexOptions,
  { agent, key }: SessionRef,
): string => join(directory, `${hash.sha256(JSON.stringify([tree, agent, key]))}.sqlite`)

/** Whether there is an index of a session; asked without SQLite. */
export const isIndexed = (options: SqliteIndexOptions, ref: SessionRef): boolean =>
  existsSync(indexFile(options, ref))
