const DAY = 86_400_000

/** Milliseconds since 1970 of a date and time in UTC. `month` is 1-based and may run past 12. */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return civilDays(year, month, day) * DAY + hour * 3_600_000 + minute * 60_000 + second * 1000
}

/** Days from 1970-01-01 to a Gregorian date: 400-year eras of years that begin in March. */
function civilDays(year: number, month: number, day: number): number {
  const months = year * 12 + (month - 1) - 2
  const marchYear = Math.floor(months / 12)
  const marchMonth = months - marchYear * 12
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * marchMonth + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
