import { dateOf } from '../vm/values/calendar.ts'
import { utcTime } from './utc-time.ts'

const DAY = 86_400_000

/**
 * ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes it, for years 0 to 9999. Agents take time
 * from a port and so have no Date.
 */
export function isoTime(ms: number): string {
  const days = Math.floor(ms / DAY)
  const rest = ms - days * DAY
  const { year, month, day } = dateOf(days)
  const hours = Math.floor(rest / 3_600_000)
  const minutes = Math.floor(rest / 60_000) % 60
  const seconds = Math.floor(rest / 1000) % 60
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(Math.floor(rest % 1000), 3)}Z`
}

const pad = (value: number, length: number): string => String(value).padStart(length, '0')

const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{3})Z$/

/** Milliseconds since 1970 of a time that `isoTime` wrote; NaN for any other text. */
export function msOfIsoTime(text: string): number {
  const found = ISO.exec(text)
  if (found === null) return Number.NaN
  const [year = 0, month = 1, day = 1, hour, minute, second, ms = 0] = found.slice(1).map(Number)
  return utcTime(year, month, day, hour, minute, second) + ms
}
