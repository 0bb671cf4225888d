import { daysOf } from '../vm/values/calendar.ts'

const DAY = 86_400_000

/** Milliseconds since 1970 of a date and time in UTC. `month` is 1-based and may run past 12. */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const years = Math.floor((month - 1) / 12)
  return (
    daysOf(year + years, month - 12 * years, day) * DAY + hour * 3_600_000 + minute * 60_000 + second * 1000
  )
}
