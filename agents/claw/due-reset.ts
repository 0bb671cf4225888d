import type { SessionDecl } from '../../bytecode/manifest.ts'
import type { SessionVersion } from '../ports/sessions.ts'
import { lastDailyBoundary } from './daily-boundary.ts'
import { msOfMessageTime } from './message-time.ts'

/**
 * Whether a session starts afresh before a message that comes in at `nowMs` (chapter 24.4): `idle` when neither a message
 * nor an answer came for `idle_reset_minutes`, `daily` when the daily boundary has passed since the last activity (design
 * 3.4). A session without messages has nothing to reset; of the others only the newest message is looked at.
 */
export function dueReset(
  session: SessionDecl,
  version: Pick<SessionVersion, 'lastActivityAt' | 'messages'>,
  nowMs: number,
): 'idle' | 'daily' | null {
  const { lastActivityAt, messages } = version
  if (messages.length === 0 || lastActivityAt === 0) return null
  const idleMs = session.idleResetMinutes * 60_000
  if (idleMs > 0 && nowMs - Math.max(lastActivityAt, lastSaidAt(messages)) >= idleMs) return 'idle'
  const boundary = lastDailyBoundary(nowMs, session.dailyResetHour, session.timezone)
  return lastActivityAt < boundary ? 'daily' : null
}

/** Of the newest message: an answer that took an hour is what its user was waiting for. */
function lastSaidAt(messages: SessionVersion['messages']): number {
  const ms = msOfMessageTime(messages.at(-1)!.ts)
  return Number.isNaN(ms) ? 0 : ms
}
