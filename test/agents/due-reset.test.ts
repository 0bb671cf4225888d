import { describe, expect, test } from '@jest/globals'
import { dueReset } from '../../agents/claw/due-reset.ts'
import type { SessionDecl } from '../../bytecode/manifest.ts'

const MINUTE = 60_000
const NOON = Date.parse('2026-05-02T12:00:00Z')
const MESSAGES = [{ role: 'user', content: 'hi', ts: '2026-05-02T11:00:00Z' }] as const

const session = (extra: Partial<SessionDecl> = {}): SessionDecl => ({
  idleResetMinutes: 60,
  dailyResetHour: 4,
  timezone: 'UTC',
  maxHistoryTurns: 100,
  compaction: 'auto',
  ...extra,
})

const due = (minutesAgo: number, extra: Partial<SessionDecl> = {}, now = NOON) =>
  dueReset(session(extra), { lastActivityAt: now - minutesAgo * MINUTE, messages: MESSAGES }, now)

describe('a session', () => {
  test('falls idle at the very minute', () => {
    expect(due(60)).toBe('idle')
    expect(
      dueReset(session(), { lastActivityAt: NOON - 60 * MINUTE + 1, messages: MESSAGES }, NOON),
    ).toBeNull()
  })

  test('falls idle that long after its last answer, however long that one took', () => {
    const answered = (ts: string) => [...MESSAGES, { role: 'assistant', content: 'hello', ts } as const]
    const lastActivityAt = NOON - 90 * MINUTE
    const dueAt = (ts: string) => dueReset(session(), { lastActivityAt, messages: answered(ts) }, NOON)
    expect(dueAt('2026-05-02T11:00:01Z')).toBeNull()
    expect(dueAt('2026-05-02T11:00:00Z')).toBe('idle')
    expect(dueAt('some day')).toBe('idle')
  })

  test('with idle_reset_minutes 0 never falls idle', () => {
    expect(due(7 * 60, { idleResetMinutes: 0 })).toBeNull()
  })

  test('is reset once the daily boundary has passed, whatever the hour of the message', () => {
    expect(due(9 * 60, { idleResetMinutes: 0 })).toBe('daily')
  })

  test('active exactly at the boundary is not reset by it', () => {
    expect(due(8 * 60, { idleResetMinutes: 0 })).toBeNull()
  })

  test('keeps the day of its own zone', () => {
    const asked = { idleResetMinutes: 0, dailyResetHour: 8, timezone: 'America/New_York' }
    expect(due(1, asked)).toBe('daily')
    expect(due(1, { ...asked, dailyResetHour: 9 })).toBeNull()
  })

  test('without messages has nothing to reset', () => {
    expect(dueReset(session(), { lastActivityAt: 1, messages: [] }, NOON)).toBeNull()
  })

  test('is left alone when the clock has gone back', () => {
    expect(due(-120)).toBeNull()
  })
})
