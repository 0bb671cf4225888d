import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lastDailyBoundary } from '../../agents/claw/daily-boundary.ts'
import { dueReset } from '../../agents/claw/due-reset.ts'
import type { SessionDecl } from '../../bytecode/manifest.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Africa/Cairo',
]

const zone = fc.constantFrom(...ZONES)
const hour = fc.integer({ min: 0, max: 23 })
const instant = fc.integer({ min: Date.UTC(2025, 0, 3), max: Date.UTC(2026, 11, 30) })

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      timeZoneName: 'longOffset',
    })
  formats.set(timeZone, format)
  return format
}

const localParts = (ms: number, timeZone: string): { readonly day: string; readonly hour: number } => {
  const parts = formatOf(timeZone).formatToParts(ms)
  const of = (type: string): string => parts.find((part) => part.type === type)!.value
  return { day: `${of('year')}-${of('month')}-${of('day')}`, hour: Number(of('hour')) }
}

/** `GMT+02:00` */
const offsetName = (ms: number, timeZone: string): string =>
  formatOf(timeZone)
    .formatToParts(ms)
    .find(({ type }) => type === 'timeZoneName')!.value

/** The instants of 2025 and 2026 at which the offset of a zone changes. */
function clockChanges(timeZone: string): readonly number[] {
  const changes: number[] = []
  for (let day = Date.UTC(2025, 0, 1); day < Date.UTC(2027, 0, 1); day += 7 * DAY) {
    let [before, after] = [day, day + 7 * DAY]
    const offset = offsetName(before, timeZone)
    if (offsetName(after, timeZone) === offset) continue
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offsetName(middle, timeZone) === offset) before = middle
      else after = middle
    }
    changes.push(after)
  }
  return changes
}

const QUARTER = HOUR / 4

/**
 * Whether in some local day the clocks first showed `at`:00, or later where that was skipped, after `from` and not after
 * `to`: found by looking at them every quarter of an hour.
 */
function passesBoundary(from: number, to: number, at: number, timeZone: string): boolean {
  const start = Math.floor((from - 2 * DAY) / QUARTER) * QUARTER
  // How the first day began is not seen.
  const seen = new Set([localParts(start, timeZone).day])
  for (let now = start; now <= to; now += QUARTER) {
    const { day, hour } = localParts(now, timeZone)
    if (hour < at || seen.has(day)) continue
    if (now > from) return true
    seen.add(day)
  }
  return false
}

const ALL_ZONES = Intl.supportedValuesOf('timeZone')

/** A zone and an instant, most of them within a day of a change of its clocks, if it has any. */
const moment = fc.constantFrom(...ALL_ZONES).chain((timeZone) => {
  const changes = clockChanges(timeZone)
  const near = changes.map((change) => fc.integer({ min: change - DAY, max: change + DAY }))
  return fc.record({ timeZone: fc.constant(timeZone), now: fc.oneof(instant, ...near) })
})

const utc = (text: string): number => Date.parse(text)

describe('the daily boundary', () => {
  test('is the newest one that has passed, and no more than 25 hours old', () => {
    fc.assert(
      fc.property(instant, hour, zone, (now, at, timeZone) => {
        const boundary = lastDailyBoundary(now, at, timeZone)
        expect(boundary).toBeLessThanOrEqual(now)
        expect(now - boundary).toBeLessThan(DAY + HOUR + 1)
        expect(lastDailyBoundary(boundary, at, timeZone)).toBe(boundary)
        expect(lastDailyBoundary(boundary - 1, at, timeZone)).toBeLessThan(boundary)
      }),
    )
  })

  test('never goes back as time goes on', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 3 * DAY }), hour, zone, (now, later, at, timeZone) => {
        expect(lastDailyBoundary(now + later, at, timeZone)).toBeGreaterThanOrEqual(
          lastDailyBoundary(now, at, timeZone),
        )
      }),
    )
  })

  test('comes exactly once in each local day, at its hour or, where that is skipped, right after the gap', () => {
    for (const timeZone of ZONES) {
      for (const at of [0, 2, 23]) {
        const days = new Map<string, number>()
        for (let now = Date.UTC(2026, 0, 2); now < Date.UTC(2027, 0, 2); now += 12 * HOUR) {
          const boundary = lastDailyBoundary(now, at, timeZone)
          const local = localParts(boundary, timeZone)
          expect(days.get(local.day) ?? boundary).toBe(boundary)
          days.set(local.day, boundary)
          if (local.hour !== at) {
            expect(localParts(boundary - 1, timeZone).hour).toBeLessThan(at === 0 ? 24 : at)
            expect(local.hour).toBe(at + 1)
          }
        }
        expect(days.size).toBeGreaterThanOrEqual(365)
      }
    }
  })

  test('is right at every change of the clocks in every time zone of 2025 and 2026', () => {
    for (const timeZone of ALL_ZONES) {
      for (const change of clockChanges(timeZone)) {
        for (const at of [0, 1, 2, 3, 23]) {
          const boundaries = new Set<number>()
          for (const now of [
            change - DAY,
            change - 1,
            change,
            change + HOUR,
            change + DAY,
            change + 2 * DAY,
          ]) {
            const boundary = lastDailyBoundary(now, at, timeZone)
            boundaries.add(boundary)
            const [local, before] = [localParts(boundary, timeZone), localParts(boundary - 1, timeZone)]
            const place = { timeZone, at, now }
            expect({
              ...place,
              passed: boundary <= now,
              // Troll turns its clocks by two hours.
              recent: now - boundary < DAY + 2 * HOUR,
              atItsHourOrAfterTheGap: local.hour === at || boundary === change,
              firstOfItsDay: before.day !== local.day || before.hour < at,
            }).toEqual({
              ...place,
              passed: true,
              recent: true,
              atItsHourOrAfterTheGap: true,
              firstOfItsDay: true,
            })
          }
          expect({ timeZone, at, enough: boundaries.size >= 3 }).toEqual({ timeZone, at, enough: true })
        }
      }
    }
  }, 60_000)

  test('makes a session due, in any zone and around any change of its clocks, exactly when it lies after the last activity', () => {
    const idle = fc.integer({ min: 0, max: 2 * DAY })
    fc.assert(
      fc.property(moment, idle, hour, ({ timeZone, now }, quiet, dailyResetHour) => {
        const lastActivityAt = now - quiet
        const session = { idleResetMinutes: 0, dailyResetHour, timezone: timeZone } as SessionDecl
        const messages = [{ role: 'user', content: 'x', ts: '' }] as const
        const due = dueReset(session, { lastActivityAt, messages }, now)
        expect(due).toBe(passesBoundary(lastActivityAt, now, dailyResetHour, timeZone) ? 'daily' : null)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('that falls into the hour skipped in spring is the first instant after it', () => {
    expect(lastDailyBoundary(utc('2026-03-29T12:00:00Z'), 2, 'Europe/Berlin')).toBe(
      utc('2026-03-29T01:00:00Z'),
    )
  })

  test('in the hour that autumn repeats is its first occurrence', () => {
    const first = utc('2026-10-25T00:00:00Z')
    expect(lastDailyBoundary(first + 30 * 60_000, 2, 'Europe/Berlin')).toBe(first)
    expect(lastDailyBoundary(first + 90 * 60_000, 2, 'Europe/Berlin')).toBe(first)
  })

  test('may be midnight', () => {
    expect(lastDailyBoundary(utc('2026-05-02T23:59:59Z'), 0, 'UTC')).toBe(utc('2026-05-02T00:00:00Z'))
  })

  test('of an unknown zone is an error', () => {
    expect(() => lastDailyBoundary(0, 4, 'Mars/Olympus')).toThrow(RangeError)
  })
})
