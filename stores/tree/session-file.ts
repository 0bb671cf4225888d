/** The format of `v.<seq>.jsonl` (docs/session-file.md): a header line, then one line a message. */
import { Fault } from '../../agents/ports/fault.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { ArchiveText, CommitKind, StoredMessage } from '../../agents/ports/sessions.ts'
import { taintedIf } from '../../agents/ports/tainted.ts'

const SESSION_FORMAT = 1

export interface VersionHeader {
  /** Format version. */
  readonly neam: number
  readonly seq: number
  /** Hash of the version this one was made from; null for the first. */
  readonly parent: string | null
  /** Epoch of the lease under which it was written. */
  readonly epoch: number
  readonly kind: CommitKind
  /**
   * Null: the lines are the whole history. A later release may name an earlier version here, whose lines then come
   * first; readers that do not know that refuse the file instead of losing them.
   */
  readonly base: { readonly seq: number; readonly sha256: string } | null
  readonly agent: string
  readonly key: string
  readonly session: string
  /** Lines and bytes after the header. */
  readonly n: number
  readonly bytes: number
  readonly turns: readonly string[]
  readonly compactions: number
  readonly startedAt: number
  readonly lastActivityAt: number
}

export interface VersionFile {
  readonly header: VersionHeader
  readonly messages: readonly StoredMessage[]
  /** The lines after the header. */
  readonly body: string
  /** Hash over the header before its own hash, and the lines. */
  readonly sha256: string
}

/** The history as chapter 24.4 prints it: one `{role, content, ts}` a line; `tainted` is ours (decision 010). */
export const messageLines = (messages: readonly StoredMessage[]): string =>
  messages
    .map(({ role, content, ts, tainted }) => `${JSON.stringify({ role, content, ts, tainted })}\n`)
    .join('')

/** `,"sha256":"<64 hex digits>"}` closes every header. */
const SEAL = /^(\{.*),"sha256":"([0-9a-f]{64})"\}$/s

/** `body` is the lines of the messages. */
export function encodeVersion(
  header: Omit<VersionHeader, 'neam' | 'base' | 'n' | 'bytes'>,
  { messages, body }: Pick<VersionFile, 'messages' | 'body'>,
  hash: Hash,
): { readonly text: string; readonly file: VersionFile } {
  const { seq, parent, epoch, kind, ...rest } = header
  const counted = { n: messages.length, bytes: Buffer.byteLength(body) }
  const full: VersionHeader = {
    neam: SESSION_FORMAT,
    seq,
    parent,
    epoch,
    kind,
    base: null,
    ...counted,
    ...rest,
  }
  const open = JSON.stringify(full).slice(0, -1)
  const sha256 = hash.sha256(`${open}\n${body}`)
  return { text: `${open},"sha256":"${sha256}"}\n${body}`, file: { header: full, messages, body, sha256 } }
}

/**
 * Reads a version's text; null when it is not whole: torn, flipped, emptied. Throws `tree_version` when a newer
 * release wrote it.
 */
export function decodeVersion(text: string, path: string, hash: Hash): VersionFile | null {
  const end = text.indexOf('\n')
  const seal = SEAL.exec(text.slice(0, Math.max(0, end)))
  if (seal === null) return null
  const open = seal[1] ?? ''
  const sha256 = seal[2] ?? ''
  const body = text.slice(end + 1)
  if (hash.sha256(`${open}\n${body}`) !== sha256) return null
  const header = JSON.parse(`${open}}`) as VersionHeader
  if (header.neam > SESSION_FORMAT || header.base !== null) {
    throw new Fault('tree_version', { path, found: header.neam, expected: SESSION_FORMAT })
  }
  return { header, messages: decodeLines(body), body, sha256 }
}

/** Lines that a seal has vouched for. */
function decodeLines(body: string): StoredMessage[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredMessage)
}

/** Lines without a seal, as archives have them: what cannot be read is left out and counted. */
export function readLines(text: string): ArchiveText {
  const lines = text.split('\n').filter((line) => line !== '')
  const messages = lines.flatMap(messageOf)
  return { messages, damagedLines: lines.length - messages.length }
}

const ROLES: ReadonlySet<unknown> = new Set<StoredMessage['role']>(['user', 'assistant', 'system'])

function messageOf(line: string): readonly StoredMessage[] {
  try {
    const { role, content, ts, tainted } = JSON.parse(line) as Partial<StoredMessage>
    if (ROLES.has(role) && typeof content === 'string' && typeof ts === 'string') {
      return [{ role: role as StoredMessage['role'], content, ts, ...taintedIf(tainted) }]
    }
  } catch {
    // counted as damaged
  }
  return []
}
