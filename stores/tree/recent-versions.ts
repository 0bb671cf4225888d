import type { FileStatus } from './fs.ts'
import type { VersionFile } from './session-file.ts'

/** Of lines, in all; as objects they take three times as much. */
const MOST_BYTES = 1024 * 1024

interface Recent {
  readonly seq: number
  readonly status: FileStatus
  readonly file: VersionFile
}

/**
 * The newest versions of sessions that this process has lately written or read. A version never changes, so its text is
 * read again only where the file has another size or time than it had: somebody restored a backup, or damaged it.
 */
export class RecentVersions {
  /** By the session's directory; the one used last comes last. */
  readonly #kept = new Map<string, Recent>()
  #bytes = 0

  get(session: string, seq: number, status: FileStatus): VersionFile | null {
    const recent = this.#kept.get(session)
    if (recent === undefined || recent.seq !== seq) return null
    if (recent.status.size !== status.size || recent.status.modifiedAt !== status.modifiedAt) return null
    this.#kept.delete(session)
    this.#kept.set(session, recent)
    return recent.file
  }

  keep(session: string, seq: number, status: FileStatus, file: VersionFile): void {
    this.#drop(session)
    this.#kept.set(session, { seq, status, file })
    this.#bytes += file.header.bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MOST_BYTES) return
      this.#drop(oldest)
    }
  }

  #drop(session: string): void {
    this.#bytes -= this.#kept.get(session)?.file.header.bytes ?? 0
    this.#kept.delete(session)
  }
}
