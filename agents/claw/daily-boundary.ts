import { utcTime } from '../utc-time.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

interface LocalDay {
  /** The boundary that began it, and the one that ends it. */
  readonly from: number
  readonly until: number
}

/** The day that was asked for last, by zone and hour: each question to a zone costs many microseconds. */
const days = new Map<string, LocalDay>()

/**
 * The newest instant, at or before `nowMs`, at which the clocks of an IANA zone showed `hour`:00. Every local day has
 * one: an hour that occurs twice counts the first time, one that is skipped counts at the first instant after the gap.
 */
export function lastDailyBoundary(nowMs: number, hour: number, timeZone: string): number {
  const kind = `${hour} ${timeZone}`
  const known = days.get(kind)
  if (known !== undefined && known.from <= nowMs && nowMs < known.until) return known.from
  const day = localDay(nowMs, hour, timeZone)
  days.set(kind, day)
  return day.from
}

function localDay(nowMs: number, hour: number, timeZone: string): LocalDay {
  // In a zone that turns its clocks back over midnight, tomorrow's boundary may be over already.
  const today = localMidnight(nowMs, timeZone)
  const boundaries = [-1, 0, 1, 2].map((day) => instantOf(today + day * DAY + hour * 60 * MINUTE, timeZone))
  return {
    from: Math.max(...boundaries.filter((instant) => instant <= nowMs)),
    until: Math.min(...boundaries.filter((instant) => instant > nowMs)),
  }
}

/** Local times are written as milliseconds of the same date and time in UTC. */
type LocalTime = number

const localTime = (ms: number, timeZone: string): LocalTime => ms + offsetAt(ms, timeZone)

function localMidnight(ms: number, timeZone: string): LocalTime {
  return Math.floor(localTime(ms, timeZone) / DAY) * DAY
}

/** The first instant whose local time is `local` or later. */
function instantOf(local: LocalTime, timeZone: string): number {
  const offsets = [offsetAt(local - DAY, timeZone), offsetAt(local + DAY, timeZone)]
  let before = local - Math.max(...offsets)
  let at = local - Math.min(...offsets)
  if (localTime(before, timeZone) >= local) return before
  // The clocks change near by, and what is sought lies after `before` and not after `at`.
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2)
    if (localTime(middle, timeZone) >= local) at = middle
    else before = middle
  }
  return at
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds by which a zone's clocks are ahead of UTC at an instant. Throws RangeError for an unknown zone. */
function offsetAt(ms: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type)!
  const local = utcTime(
    part('year'),
    part('month'),
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return local - Math.floor(ms / 1000) * 1000
}
