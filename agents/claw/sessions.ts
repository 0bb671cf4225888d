import type { ClawDecl } from '../../bytecode/manifest.ts'
import { findAgent } from '../find-agent.ts'
import { isoTime } from '../iso-time.ts'
import type { SessionRef, SessionSummary, SessionVersion, StoredMessage } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { dueReset } from './due-reset.ts'
import { history } from './history.ts'
import { checkedKey } from './session-key.ts'

/** A session of a claw agent, as lists show it. */
export interface SessionView {
  readonly session_key: string
  readonly session_id: string
  /** Of the live history, as the next message will find it: 0 when a reset is due. */
  readonly messages: number
  /** The reset that comes before the next message, which archives what was said; null = none. */
  readonly due_reset: 'idle' | 'daily' | null
  /** ISO 8601; null = nobody has written yet. */
  readonly last_activity_at: string | null
}

function viewOf(summary: SessionSummary, { session }: ClawDecl, now: number): SessionView {
  const { key, sessionId, messages, newest, lastActivityAt } = summary
  const due = dueReset(session, { lastActivityAt, messages: newest === null ? [] : [newest] }, now)
  return {
    session_key: key,
    session_id: sessionId,
    messages: due === null ? messages : 0,
    due_reset: due,
    last_activity_at: lastActivityAt === 0 ? null : isoTime(lastActivityAt),
  }
}

/** Sessions of an agent, a page at a time. Throws `agent_not_found`. */
export async function listSessions(
  world: World,
  request: { readonly agent: string; readonly after: string | null; readonly limit: number },
): Promise<{ readonly sessions: readonly SessionView[]; readonly next: string | null }> {
  const agent = findAgent(world, 'claw', request.agent)
  const { sessions, next } = await world.sessions.page(agent.name, request)
  const now = world.clock.now()
  return { sessions: sessions.map((summary) => viewOf(summary, agent, now)), next }
}

export interface HistoryPage {
  /** Messages of the live history in all. */
  readonly total: number
  /** Position of the first message of the page, 0-based. */
  readonly from: number
  readonly messages: readonly StoredMessage[]
}

/** The newest messages of the live history, or those before a position. Throws `agent_not_found`, `session_key_invalid`. */
export async function historyPage(
  world: World,
  request: SessionRef & { readonly before: number | null; readonly limit: number },
): Promise<HistoryPage> {
  const messages = await history(world, request)
  const end = Math.min(request.before ?? messages.length, messages.length)
  const from = Math.max(0, end - request.limit)
  return { total: messages.length, from, messages: messages.slice(from, end) }
}

/** A session, whole but for the text of its archives. Throws `agent_not_found`, `session_key_invalid`. */
export async function exportSession(world: World, request: SessionRef) {
  const ref = refOf(world, request)
  const version = await world.sessions.open(ref)
  const archives = await world.sessions.archives(ref)
  return {
    agent: ref.agent,
    session_key: ref.key,
    ...versionView(version),
    messages: version.messages,
    archives: archives.map(({ file, reason, archivedAt, sessionId, messages }) => ({
      file,
      reason,
      archived_at: archivedAt,
      session_id: sessionId,
      messages,
    })),
  }
}

/** An archive as far as it can be read; null when the session has none of that name. Throws as `exportSession`. */
export const readArchive = async (world: World, request: SessionRef & { readonly file: string }) => {
  const text = await world.sessions.readArchive(refOf(world, request), request.file)
  return text === null ? null : { messages: text.messages, damaged_lines: text.damagedLines }
}

const versionView = ({ sessionId, startedAt, lastActivityAt, compactions, degraded }: SessionVersion) => ({
  session_id: sessionId,
  started_at: startedAt === 0 ? null : isoTime(startedAt),
  last_activity_at: lastActivityAt === 0 ? null : isoTime(lastActivityAt),
  compactions,
  /** The newest version on disk is damaged, and this is the one before it. */
  degraded,
})

function refOf(world: World, { agent, key }: SessionRef): SessionRef {
  return { agent: findAgent(world, 'claw', agent).name, key: checkedKey(key) }
}
