import type { SessionDecl } from '../../bytecode/manifest.ts'
import type { SessionVersion } from '../ports/sessions.ts'
import { lastDailyBoundary } from './daily-boundary.ts'

/**
 * Whether a session starts afresh before the next message (chapter 24.4): `idle` after `idle_reset_minutes` without
 * one, `daily` when the daily boundary has passed since the last activity (design 3.4). A session without messages has
 * nothing to reset.
 */
export function dueReset(
  session: SessionDecl,
  version: Pick<SessionVersion, 'lastActivityAt' | 'messages'>,
  nowMs: number,
): 'idle' | 'daily' | null {
  const { lastActivityAt } = version
  if (version.messages.length === 0 || lastActivityAt === 0) return null
  const idleMs = session.idleResetMinutes * 60_000
  if (idleMs > 0 && nowMs - lastActivityAt >= idleMs) return 'idle'
  const boundary = lastDailyBoundary(nowMs, session.dailyResetHour, session.timezone)
  return lastActivityAt < boundary ? 'daily' : null
}
