import type { MemoryIndex } from '../agents/ports/memory.ts'
import { isIndexed, type SqliteIndexOptions } from '../stores/memory/index-file.ts'

/** The local index of what sessions remember; SQLite is loaded at the first lookup. */
export function systemMemoryIndex(options: SqliteIndexOptions): MemoryIndex {
  const index = async () => (await import('../stores/memory/sqlite-index.ts')).sqliteMemoryIndex(options)
  return {
    holds: async (ref) => isIndexed(options, ref),
    search: async (ref, query) => await (await index()).search(ref, query),
    drop: async (ref) => await (await index()).drop(ref),
  }
}
