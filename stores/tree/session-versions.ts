import { Fault } from '../../agents/ports/fault.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { SessionVersion, StoredMessage } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import type { FileStatus } from './fs.ts'
import { RecentVersions } from './recent-versions.ts'
import { decodeVersion, messageLines, type VersionFile } from './session-file.ts'
import { versionFile, versionsIn } from './session-paths.ts'

const READ_TRIES = 3

export interface ReadVersion {
  readonly seq: number
  readonly file: VersionFile
  /** Of before it was read; null where it could not be told. */
  readonly status: FileStatus | null
}

export interface NextLines {
  readonly body: string
  readonly added: string | null
}

/** The versions of sessions as they are read: from their files, or as this process has lately written or read them. */
export class SessionVersions {
  readonly #files: Files
  readonly #hash: Hash
  readonly #recent = new RecentVersions()
  /** The files behind versions that were handed out. */
  readonly #behind = new WeakMap<SessionVersion, VersionFile>()

  constructor({ files, hash }: { readonly files: Files; readonly hash: Hash }) {
    this.#files = files
    this.#hash = hash
  }

  /**
   * `isFresh`: the names in the session's directory are known as they are. Throws `record_damaged` when versions exist and
   * none can be read.
   */
  newest(session: string, isFresh = false): SessionVersion {
    for (let tries = 1; ; tries++) {
      const names = isFresh && tries === 1 ? this.#files.list(session) : this.#files.listFresh(session)
      const newest = versionsIn(names).at(-1)
      if (newest === undefined) return NEVER_WRITTEN
      const found = this.read(session, names)
      // A torn reading may be an old cache, a missing file a collected one: look again before saying "damaged".
      if (found !== null && (found.seq === newest || tries === READ_TRIES)) {
        if (found.status !== null) this.#recent.keep(session, found.seq, found.status, found.file)
        return this.#version(found.file, newest, found.seq !== newest)
      }
      if (tries === READ_TRIES) {
        const path = this.#files.absolute(versionFile(session, newest))
        throw new Fault('record_damaged', { path, problem: 'no version of the session can be read' })
      }
    }
  }

  /** The newest version that can be read. */
  read(session: string, names: readonly string[]): ReadVersion | null {
    for (const seq of versionsIn(names).reverse()) {
      const status = this.#files.stat(versionFile(session, seq))
      const file = (status && this.#recent.get(session, seq, status)) ?? this.file(session, seq)
      if (file !== null) return { seq, file, status }
    }
    return null
  }

  /** One version as it is on the disk; null when it cannot be read. */
  file(session: string, seq: number): VersionFile | null {
    const path = versionFile(session, seq)
    const text = this.#files.read(path)
    return text === null ? null : decodeVersion(text, this.#files.absolute(path), this.#hash)
  }

  /** The version that has just been written, as `file`. */
  written(file: VersionFile): SessionVersion {
    return this.#version(file, file.header.seq, false)
  }

  /** Keeps what has just been written for the next reading. */
  keep(session: string, status: FileStatus, file: VersionFile): void {
    this.#recent.keep(session, file.header.seq, status, file)
  }

  /** The hash of the file behind a version; null when nothing was ever written, or it cannot be read any more. */
  hashOf(session: string, version: SessionVersion): string | null {
    if (version.seq === 0) return null
    return (this.#behind.get(version) ?? this.file(session, version.seq))?.sha256 ?? null
  }

  /** The lines of a version: of one that was handed out as they are on the disk. */
  linesOf(version: SessionVersion): string {
    return this.#behind.get(version)?.body ?? messageLines(version.messages)
  }

  /**
   * The lines of a history that is to stand after a version, and those among them that are new; null when it does not go
   * on where the version ends.
   */
  linesAfter(version: SessionVersion, messages: readonly StoredMessage[]): NextLines {
    const goesOn = version.seq > 0 && version.messages.every((message, index) => message === messages[index])
    if (!goesOn) return { body: messageLines(messages), added: null }
    const added = messageLines(messages.slice(version.messages.length))
    return { body: this.linesOf(version) + added, added }
  }

  /** `seq` is the newest number taken, also where that file is damaged: its number is not used again. */
  #version(file: VersionFile, seq: number, degraded: boolean): SessionVersion {
    const { header, messages } = file
    const { session: sessionId, turns, compactions, lastActivityAt, startedAt } = header
    const version = { seq, sessionId, messages, turns, compactions, lastActivityAt, startedAt, degraded }
    this.#behind.set(version, file)
    return version
  }
}

const NEVER_WRITTEN: SessionVersion = {
  seq: 0,
  sessionId: '',
  messages: [],
  turns: [],
  compactions: 0,
  lastActivityAt: 0,
  startedAt: 0,
  degraded: false,
}
