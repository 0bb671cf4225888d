import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type {
  ArchivedSession,
  ArchiveText,
  CommitResult,
  Lease,
  SessionPage,
  SessionRef,
  SessionStore,
  SessionSummary,
  SessionVersion,
  TurnIntent,
  TurnRecord,
  TurnResult,
  TurnStep,
  VersionDraft,
} from '../../agents/ports/sessions.ts'
import type { Clock } from '../../agents/ports/time.ts'
import type { Files } from './files.ts'
import type { Leases } from './leases.ts'
import { NamedLines } from './named-lines.ts'
import { decodeName } from './names.ts'
import { type ArchiveReason, archiveVersion, listArchives, readArchive } from './session-archive.ts'
import { SessionCollector } from './session-collector.ts'
import { encodeVersion } from './session-file.ts'
import {
  currentFile,
  type SessionPaths,
  sessionLease,
  turnsOf,
  versionFile,
  versionsIn,
} from './session-paths.ts'
import { type ListedTurn, TurnJournal, turnsIn } from './session-turns.ts'
import { type NextLines, SessionVersions } from './session-versions.ts'
import { bestEffort } from './storage-fault.ts'

/** A retry that comes later than this many turns is not recognised by the history alone. */
const REMEMBERED_TURNS = 64
/** Sessions of an agent beyond these are looked into at each count. */
const MOST_COUNTED = 100_000

/**
 * Sessions on disk (chapter 24.4, reliability 2.6, docs/session-file.md). The whole live history is one immutable,
 * numbered file; committing is taking the next number. `current.jsonl` is a view of it for people.
 */
export class TreeSessionStore implements SessionStore {
  readonly #files: Files
  readonly #leases: Leases
  readonly #paths: SessionPaths
  readonly #clock: Clock
  readonly #hash: Hash
  readonly #collector: SessionCollector
  readonly #lines: NamedLines
  readonly #versions: SessionVersions
  /** Names of sessions that were seen to have a version, which they keep, by their agent's directory. */
  readonly #committed = new Map<string, ReadonlySet<string>>()
  /** Leases under which nothing was read yet: taking one made the names in its directory known. */
  readonly #justTaken = new WeakSet<Lease>()

  constructor(options: {
    files: Files
    leases: Leases
    paths: SessionPaths
    clock: Clock
    ids: Ids
    hash: Hash
  }) {
    this.#files = options.files
    this.#leases = options.leases
    this.#paths = options.paths
    this.#clock = options.clock
    this.#hash = options.hash
    this.#collector = new SessionCollector(options.files)
    this.#versions = new SessionVersions(options)
    this.#lines = new NamedLines(options.files, () => options.ids.next())
  }

  async accept(ref: SessionRef, intent: TurnIntent): Promise<boolean> {
    return await this.#journal(ref, intent.turn).accept(intent)
  }

  async acquire(
    ref: SessionRef,
    options: { purpose: string; ttlMs: number; waitMs: number },
  ): Promise<Lease | null> {
    const place = sessionLease(this.#paths.directory(ref))
    const { purpose, ttlMs, waitMs } = options
    const claim = { purpose, ttlMs, owner: this.#leases.owner, data: {} }
    const epoch = await this.#leases.waitFor(place, claim, waitMs)
    if (epoch === null) return null
    const lease: Lease = { epoch, release: async () => this.#leases.release(place, epoch) }
    this.#justTaken.add(lease)
    return lease
  }

  async isHeld(ref: SessionRef): Promise<boolean> {
    return this.#leases.inspect(sessionLease(this.#paths.directory(ref))).kind === 'held'
  }

  async open(ref: SessionRef, lease?: Lease): Promise<SessionVersion> {
    const session = this.#paths.directory(ref)
    const isFresh = lease !== undefined && this.#justTaken.delete(lease)
    const version = this.#versions.newest(session, isFresh)
    if (version.seq > 0) bestEffort(() => this.#refreshCurrent(session, version))
    return version
  }

  async commit(
    ref: SessionRef,
    base: SessionVersion,
    draft: VersionDraft,
    lease: Lease,
  ): Promise<CommitResult> {
    const session = this.#paths.directory(ref)
    const seq = base.seq + 1
    const turns = draft.turn === null ? base.turns : [...base.turns, draft.turn].slice(-REMEMBERED_TURNS)
    const { kind, sessionId, messages, compactions, startedAt, lastActivityAt } = draft
    const lines = this.#versions.linesAfter(base, messages)
    const { text, file } = encodeVersion(
      {
        seq,
        parent: this.#versions.hashOf(session, base),
        epoch: lease.epoch,
        kind,
        agent: ref.agent,
        key: ref.key,
        session: sessionId,
        turns,
        compactions,
        startedAt,
        lastActivityAt,
      },
      { messages, body: lines.body },
      this.#hash,
    )
    const path = versionFile(session, seq)
    if (!(await this.#files.putIfAbsentAside(path, text))) return this.#conflict(session, draft)
    // Linking made this listing fresh.
    const names = this.#files.list(session)
    if (!this.#stands(session, { seq, sha256: file.sha256, turn: draft.turn }, names)) {
      this.#files.remove(path)
      return this.#conflict(session, draft)
    }
    // Committed: what follows is upkeep and must not turn the answer into an error.
    bestEffort(() => this.#showCurrent(session, lines))
    bestEffort(() => {
      const status = this.#files.stat(path)
      if (status === null) return
      this.#versions.keep(session, status, file)
      this.#collector.afterCommit(session, seq, names, status.modifiedAt)
    })
    return { kind: 'committed', version: this.#versions.written(file) }
  }

  async archive(ref: SessionRef, version: SessionVersion, reason: ArchiveReason): Promise<string> {
    return archiveVersion(this.#files, this.#paths.directory(ref), version, {
      reason,
      now: this.#clock.now(),
    })
  }

  async recordStep(ref: SessionRef, turn: string, index: number, step: TurnStep): Promise<boolean> {
    return await this.#journal(ref, turn).recordStep(index, step)
  }

  async beginStep(ref: SessionRef, turn: string, index: number): Promise<void> {
    await this.#journal(ref, turn).beginStep(index)
  }

  async recordWaiting(ref: SessionRef, turn: string, confirmation: string): Promise<void> {
    await this.#journal(ref, turn).recordWaiting(confirmation)
  }

  async close(ref: SessionRef, turn: string, result: TurnResult): Promise<void> {
    await this.#journal(ref, turn).close(result)
  }

  async turn(ref: SessionRef, turn: string): Promise<TurnRecord | null> {
    return this.#journal(ref, turn).read()
  }

  async list(agent: string): Promise<readonly SessionSummary[]> {
    const directory = this.#paths.agent(agent)
    return this.#sessionsOf(directory)
      .flatMap((name) => this.#summary(`${directory}/${name}`) ?? [])
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async page(agent: string, { after, limit }: { after: string | null; limit: number }): Promise<SessionPage> {
    const directory = this.#paths.agent(agent)
    const names = [...this.#sessionsOf(directory)].sort()
    const sessions: SessionSummary[] = []
    let last = after
    for (const name of names.filter((name) => after === null || name > after)) {
      if (sessions.length === limit) return { sessions, next: last }
      last = name
      const summary = this.#summary(`${directory}/${name}`) ?? this.#begun(directory, name)
      if (summary !== null) sessions.push(summary)
    }
    return { sessions, next: null }
  }

  /** Null: nothing was ever committed, or nothing can be read. */
  #summary(session: string): SessionSummary | null {
    const newest = this.#versions.read(session, this.#files.list(session))
    if (newest === null) return null
    const { header, messages } = newest.file
    const { key, session: sessionId, n, lastActivityAt } = header
    return { key, sessionId, messages: n, newest: messages.at(-1) ?? null, lastActivityAt }
  }

  /** A session whose first message was accepted and not answered yet. */
  #begun(directory: string, name: string): SessionSummary | null {
    const key = decodeName(name)
    const turns = key === null ? [] : this.#files.list(turnsOf(`${directory}/${name}`))
    return key === null || turns.length === 0
      ? null
      : { key, sessionId: '', messages: 0, newest: null, lastActivityAt: 0 }
  }

  async openTurns(ref: SessionRef): Promise<readonly TurnIntent[]> {
    return this.#turns(this.#paths.directory(ref))
      .filter(({ closed }) => closed === null)
      .flatMap(({ place }) => new TurnJournal(this.#files, this.#lines, place).read() ?? [])
      .filter(({ result }) => result === null)
      .map(({ intent }) => intent)
      .sort((a, b) => (a.acceptedAt < b.acceptedAt ? -1 : 1))
  }

  async forgetPast(ref: SessionRef, stays: (intent: TurnIntent) => boolean): Promise<void> {
    const session = this.#paths.directory(ref)
    const names = this.#files.listFresh(session)
    const live = this.#versions.read(session, names)
    // Their numbers stay taken, as those of collected versions do.
    for (const seq of versionsIn(names)) {
      if (live !== null && seq < live.seq) this.#files.replace(versionFile(session, seq), '')
    }
    for (const { place } of this.#turns(session)) {
      new TurnJournal(this.#files, this.#lines, place).forget(stays)
    }
    this.#collector.collectTemporaries(session, names)
  }

  async archives(ref: SessionRef): Promise<readonly ArchivedSession[]> {
    return listArchives(this.#files, this.#paths.directory(ref))
  }

  async readArchive(ref: SessionRef, file: string): Promise<ArchiveText | null> {
    return readArchive(this.#files, this.#paths.directory(ref), file)
  }

  async count(agent: string): Promise<number> {
    const directory = this.#paths.agent(agent)
    const before = this.#committed.get(directory)
    const committed = this.#files
      .list(directory)
      .filter(isSession)
      .filter((name) => before?.has(name) || versionsIn(this.#files.list(`${directory}/${name}`)).length > 0)
    this.#committed.set(directory, new Set(committed.slice(0, MOST_COUNTED)))
    return committed.length
  }

  #sessionsOf(directory: string): readonly string[] {
    return this.#files.listFresh(directory).filter(isSession)
  }

  #turns(session: string): readonly ListedTurn[] {
    return this.#files
      .listFresh(turnsOf(session))
      .map((group) => `${turnsOf(session)}/${group}`)
      .flatMap((group) => turnsIn(group, this.#files.listFresh(group)))
  }

  #journal(ref: SessionRef, turn: string): TurnJournal {
    return new TurnJournal(this.#files, this.#lines, this.#paths.turn(ref, turn))
  }

  #conflict(session: string, draft: VersionDraft): CommitResult {
    const newest = this.#versions.newest(session)
    const done = draft.turn !== null && newest.turns.includes(draft.turn)
    return done ? { kind: 'committed', version: newest } : { kind: 'conflict', newest }
  }

  /**
   * The post-commit check. A writer that slept since it listed may have taken a number that had been used and
   * collected; then the newest version does not descend from what it wrote.
   */
  #stands(
    session: string,
    ours: { seq: number; sha256: string; turn: string | null },
    names: readonly string[],
  ): boolean {
    if (versionsIn(names).at(-1) === ours.seq) return true
    const next = this.#versions.file(session, ours.seq + 1)
    if (next?.header.parent === ours.sha256) return true
    return ours.turn !== null && this.#versions.newest(session).turns.includes(ours.turn)
  }

  /** Most commits add to the history: then only what is new is written. */
  #showCurrent(session: string, { body, added }: NextLines): void {
    const current = currentFile(session)
    const shown = added === null ? undefined : this.#files.stat(current)?.size
    if (added !== null && shown === Buffer.byteLength(body) - Buffer.byteLength(added)) {
      this.#files.append(current, added, { durable: false })
    } else {
      this.#files.replace(current, body, { durable: false })
    }
  }

  /** After a crash between a commit and its view, the view is one version behind. */
  #refreshCurrent(session: string, version: SessionVersion): void {
    const lines = this.#versions.linesOf(version)
    if (this.#files.stat(currentFile(session))?.size === Buffer.byteLength(lines)) return
    this.#files.replace(currentFile(session), lines, { durable: false })
    // Somebody may have committed, and written the view, since this version was read.
    const newest = versionsIn(this.#files.list(session)).at(-1) ?? 0
    if (newest > version.seq) this.#refreshCurrent(session, this.#versions.newest(session))
  }
}

/** Names that begin with a dot are the store's own; no encoded key does. */
const isSession = (name: string): boolean => !name.startsWith('.')
