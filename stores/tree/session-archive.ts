import type { ArchivedSession, ArchiveText, SessionVersion } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import { byVersion, encodeRecord } from './records.ts'
import { messageLines, readLines } from './session-file.ts'

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

/** Archives with a note, oldest first. One whose note a crash has kept away is shown with what its name says. */
export function listArchives(files: Files, session: string): ArchivedSession[] {
  const directory = `${session}/archive`
  const names = files.listFresh(directory)
  return names
    .filter((name) => NAME.test(name))
    .toSorted(byVersion)
    .map((file): ArchivedSession => {
      const note = noteOf(files.read(`${directory}/${file}.json`))
      const [, date = '', sessionId = ''] = NAME.exec(file)!
      return {
        file,
        reason: note?.reason ?? 'manual',
        archivedAt: note?.archivedAt ?? `${date}T00:00:00.000Z`,
        sessionId: note?.session ?? sessionId,
        messages: note?.messages ?? 0,
      }
    })
    .sort((a, b) => (a.archivedAt < b.archivedAt ? -1 : a.archivedAt > b.archivedAt ? 1 : 0))
}

const NAME = /^(\d{4}-\d{2}-\d{2})_([^/]+?)(?:\.v\d+)?\.jsonl$/

/** Null: there is none of that name. */
export function readArchive(files: Files, session: string, file: string): ArchiveText | null {
  if (!files.listFresh(`${session}/archive`).includes(file) || !NAME.test(file)) return null
  const text = files.read(`${session}/archive/${file}`)
  return text === null ? null : readLines(text)
}

function noteOf(text: string | null): ArchiveNote | null {
  try {
    return JSON.parse(text ?? '') as ArchiveNote
  } catch {
    return null
  }
}

const seqOf = (note: string | null): number => noteOf(note)?.seq ?? 0
