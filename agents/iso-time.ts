import { dateOf } from '../vm/values/calendar.ts'

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
