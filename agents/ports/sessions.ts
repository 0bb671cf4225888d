/** A claw agent's conversations (chapter 24.4). The protocol on disk is docs/session-file.md. */

export interface SessionRef {
  readonly agent: string
  readonly key: string
}

export interface StoredMessage {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string
  /** ISO 8601, UTC. */
  readonly ts: string
  /** Text of strangers may have a part in it (decision 010). */
  readonly tainted?: true
}

/** One immutable version of a session: the whole live history. */
export interface SessionVersion {
  /** 0 = the session has never been written. */
  readonly seq: number
  readonly sessionId: string
  readonly messages: readonly StoredMessage[]
  /** Ids of the last 64 turns in it. */
  readonly turns: readonly string[]
  readonly compactions: number
  /** Milliseconds; of the last user message or reset; 0 = never. */
  readonly lastActivityAt: number
  readonly startedAt: number
  /** The newest version could not be read and this is the one before it. */
  readonly degraded: boolean
}

export type CommitKind = 'turn' | 'compact' | 'reset'

export interface VersionDraft {
  readonly kind: CommitKind
  readonly sessionId: string
  readonly messages: readonly StoredMessage[]
  /** The turn this commit completes. */
  readonly turn: string | null
  readonly compactions: number
  readonly startedAt: number
  readonly lastActivityAt: number
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly version: SessionVersion }
  /** Somebody else committed first; `newest` is what stands now. */
  | { readonly kind: 'conflict'; readonly newest: SessionVersion }

export interface Lease {
  /** Fencing token; only grows. */
  readonly epoch: number
  release(): Promise<void>
}

/** What was accepted. Once `accept` has returned, the message is not lost. */
export interface TurnIntent {
  readonly turn: string
  readonly message: string
  /** ISO 8601. */
  readonly acceptedAt: string
  readonly lane: string
  readonly requestId: string | null
  /** Hash of what the caller sent, of a message with an idempotency key. */
  readonly fingerprint?: string
  /** The agent has guards on its answers, or a rule for their links: nothing that a model wrote may be shown before they have passed it. */
  readonly guardsAnswer?: true
  /** Where text of strangers that the caller passed on came from; absent = there is none. */
  readonly taint?: readonly string[]
}

/** A finished step of a turn, recorded before its result is used. */
export type TurnStep =
  | {
      readonly kind: 'model'
      /** Where text of strangers in its prompt came from; absent = there was none. */
      readonly taint?: readonly string[]
      readonly text: string
      readonly toolCalls: readonly {
        readonly id: string
        readonly name: string
        readonly arguments: string
      }[]
      readonly usage: {
        readonly inputTokens: number
        readonly outputTokens: number
        readonly cachedTokens: number
        readonly estimated: boolean
      }
      readonly cost: number
    }
  | {
      readonly kind: 'tool'
      readonly callId: string
      readonly name: string
      readonly content: string
      readonly isError: boolean
      /** Strangers may have written the content. */
      readonly untrusted?: true
    }

export type TurnResult =
  | {
      readonly status: 'completed'
      readonly response: string
      readonly tokens: number
      readonly cost: number
      readonly finishedAt: string
      /** Text of strangers may have a part in the response. */
      readonly tainted?: true
    }
  | {
      readonly status: 'refused' | 'failed'
      readonly code: string
      readonly data: Readonly<Record<string, unknown>>
      readonly finishedAt: string
    }
  /** The session was reset while the turn ran: answered, not in the new history. */
  | {
      readonly status: 'orphaned'
      readonly response: string
      readonly finishedAt: string
      readonly tainted?: true
    }
  /** It was over, and its texts were deleted since; its id is still known. */
  | { readonly status: 'forgotten'; readonly finishedAt: string }

export interface TurnRecord {
  readonly intent: TurnIntent
  readonly steps: readonly TurnStep[]
  /** Numbers of the tool calls that were begun, finished or not. */
  readonly begun: readonly number[]
  /** Trace ids of the confirmations that the turn was seen waiting for, newest last. */
  readonly waits: readonly string[]
  readonly result: TurnResult | null
}

export interface SessionSummary {
  readonly key: string
  readonly sessionId: string
  readonly messages: number
  /** The last of them. */
  readonly newest: StoredMessage | null
  readonly lastActivityAt: number
}

export interface SessionPage {
  readonly sessions: readonly SessionSummary[]
  /** For `after`; null = there are no more. */
  readonly next: string | null
}

/** A conversation that was reset, or the part of one that was summarized. */
export interface ArchivedSession {
  /** Name below `archive/`. */
  readonly file: string
  readonly reason: 'manual' | 'idle' | 'daily' | 'compaction'
  /** ISO 8601. */
  readonly archivedAt: string
  readonly sessionId: string
  readonly messages: number
}

/** What is left of an archived conversation. */
export interface ArchiveText {
  readonly messages: readonly StoredMessage[]
  /** Lines that cannot be read, which a bad disk or a hand has left; they are not among the messages. */
  readonly damagedLines: number
}

export interface SessionStore {
  /** Stores the intent (put-if-absent). False: this turn id was accepted before. */
  accept(ref: SessionRef, intent: TurnIntent): Promise<boolean>
  /** The session's lease, or null when it stayed busy for `waitMs`. */
  acquire(ref: SessionRef, options: { purpose: string; ttlMs: number; waitMs: number }): Promise<Lease | null>
  /**
   * The newest readable version (a session that was never written has seq 0 and an empty history). With the lease that was
   * taken just before, a look at the directory less.
   */
  open(ref: SessionRef, lease?: Lease): Promise<SessionVersion>
  /** Compare-and-swap on the version number; with a post-commit check. Also refreshes `current.jsonl`. */
  commit(ref: SessionRef, base: SessionVersion, draft: VersionDraft, lease: Lease): Promise<CommitResult>
  /** Keeps a version under `archive/<date>_<session id>.jsonl`; returns the file name. Repeating it is harmless. */
  archive(
    ref: SessionRef,
    version: SessionVersion,
    reason: 'manual' | 'idle' | 'daily' | 'compaction',
  ): Promise<string>
  /** Records step number `index` (0-based) of a turn. False: it was recorded before. */
  recordStep(ref: SessionRef, turn: string, index: number, step: TurnStep): Promise<boolean>
  /** Records that a tool call starts; a begun call without a step is of unknown outcome after a crash. */
  beginStep(ref: SessionRef, turn: string, index: number): Promise<void>
  /** Records that a turn waits for a confirmation. Repeating it is harmless. */
  recordWaiting(ref: SessionRef, turn: string, confirmation: string): Promise<void>
  /** Records how a turn ended; the first record stands. That of a completed one may get lost: the history has its answer. */
  close(ref: SessionRef, turn: string, result: TurnResult): Promise<void>
  /** Whether somebody works on the session just now. */
  isHeld(ref: SessionRef): Promise<boolean>
  turn(ref: SessionRef, turn: string): Promise<TurnRecord | null>
  /** Sessions with at least one committed version, by key. */
  list(agent: string): Promise<readonly SessionSummary[]>
  /**
   * So many of them, in the order of their names on disk, behind the one that `after` names; those, too, whose first message
   * has no answer yet.
   */
  page(agent: string, options: { after: string | null; limit: number }): Promise<SessionPage>
  /** Sessions with at least one committed version; what other machines did in the last half minute may be missing. */
  count(agent: string): Promise<number>
  /**
   * Deletes the texts that are no part of the live history: those of earlier versions, and of turns that are over and
   * whose message does not `stay`; these are `forgotten` from then on. Only for the holder of the lease; repeating it
   * finishes what was begun.
   */
  forgetPast(ref: SessionRef, stays: (intent: TurnIntent) => boolean): Promise<void>
  /** Accepted turns that have no result, oldest first. */
  openTurns(ref: SessionRef): Promise<readonly TurnIntent[]>
  /** Newest last. */
  archives(ref: SessionRef): Promise<readonly ArchivedSession[]>
  /** Null: the session has no archive of that name. */
  readArchive(ref: SessionRef, file: string): Promise<ArchiveText | null>
}
