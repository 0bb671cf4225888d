import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lastDailyBoundary } from '../../agents/claw/daily-boundary.ts'

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

const localParts = (ms: number, timeZone: string): { readonly day: string; readonly hour: number } => {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  }).formatToParts(ms)
  const of = (type: string): string => parts.find((part) => part.type === type)!.value
  return { day: `${of('year')}-${of('month')}-${of('day')}`, hour: Number(of('hour')) }
}

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
