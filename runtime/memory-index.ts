import { existsSync } from 'node:fs'
import type { MemoryIndex } from '../agents/ports/memory.ts'
import { indexFile, type SqliteIndexOptions } from '../stores/memory/index-file.ts'

/** The local index of what sessions remember; SQLite is loaded at the first lookup. */
export function systemMemoryIndex(options: SqliteIndexOptions): MemoryIndex {
  const index = async () => (await import('../stores/memory/sqlite-index.ts')).sqliteMemoryIndex(options)
  return {
    holds: async (ref) => existsSync(indexFile(options, ref)),
    search: async (ref, query) => await (await index()).search(ref, query),
    drop: async (ref) => await (await index()).drop(ref),
  }
}
