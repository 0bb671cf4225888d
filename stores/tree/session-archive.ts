import type { SessionVersion } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import { encodeRecord } from './records.ts'
import { messageLines } from './session-file.ts'

export type ArchiveReason = 'manual' | 'idle' | 'daily' | 'compaction'

/** Beside each archived conversation, `<name>.json`. */
interface ArchiveNote {
  readonly reason: ArchiveReason
  /** ISO 8601. */
  readonly archivedAt: string
  readonly session: string
  readonly seq: number
  readonly messages: number
}

/**
 * Keeps a version as `archive/<date>_<session id>.jsonl`, in the chapter's own line format, with a note beside it.
 * A compaction continues its session, so its archive names the version too. A repeat finds the file; one that was made
 * from an older version of the same session (a message came in between) is replaced by the newer.
 */
export function archiveVersion(
  files: Files,
  session: string,
  version: SessionVersion,
  options: { reason: ArchiveReason; now: number },
): string {
  const { reason } = options
  const archivedAt = new Date(options.now).toISOString()
  const directory = `${session}/archive`
  const ending = `_${version.sessionId}${reason === 'compaction' ? `.v${version.seq}` : ''}.jsonl`
  const before = files.listFresh(directory).find((name) => name.endsWith(ending))
  const name = before ?? `${archivedAt.slice(0, 10)}${ending}`
  const lines = messageLines(version.messages)
  const note: ArchiveNote = {
    reason,
    archivedAt,
    session: version.sessionId,
    seq: version.seq,
    messages: version.messages.length,
  }
  const path = `${directory}/${name}`
  if (before === undefined) files.putIfAbsent(path, lines)
  else if (seqOf(files.read(`${path}.json`)) < version.seq) files.replace(path, lines)
  else return name
  // After the lines: a note always describes what lies beside it.
  files.replace(`${path}.json`, encodeRecord(note))
  return name
}

function seqOf(note: string | null): number {
  try {
    return (JSON.parse(note ?? '') as Partial<ArchiveNote>).seq ?? 0
  } catch {
    return 0
  }
}
