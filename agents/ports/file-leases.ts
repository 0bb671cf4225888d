import type { Lease } from './sessions.ts'

/** Files of a workspace that all sessions of an agent write: one changes them at a time, over all processes of a tree. */
export interface FileLeases {
  /**
   * The right to read a file, change it and write it back; null when it stayed taken for `waitMs`. `path` is absolute,
   * its links resolved. Who holds it for longer than `ttlMs` has lost it.
   */
  acquire(path: string, options: { readonly ttlMs: number; readonly waitMs: number }): Promise<Lease | null>
}
