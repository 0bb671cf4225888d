/** Time of day and date, in UTC: the host gives milliseconds since 1970, the calendar is computed here. */
import { after } from '../awaitable.ts'
import type { Arguments } from './arguments.ts'
import { asksHost, type Native, plain } from './native.ts'

const DAY_MS = 86_400_000

export const TIME: readonly Native[] = [
  plain('clock()', 'Seconds since 1970, with a fraction.', (call) => call.host.now() / 1000),
  plain('time_now()', 'Milliseconds since 1970.', (call) => call.host.now()),
  plain('time_now_millis()', 'Milliseconds since 1970.', (call) => call.host.now()),
  plain('time_now_micros()', 'Microseconds since 1970.', (call) => call.host.now() * 1000),
  asksHost('time_sleep(ms)', 'Waits.', (call) => after(call.host.sleep(call.size(0)), () => null)),
  plain('time_format(ms, format)', 'A time in UTC as text: %Y %m %d %H %M %S %L %j %F %T %%.', format),
  plain(
    'time_parse(text, format)',
    'Milliseconds of a text in such a format; nil when it does not fit.',
    parse,
  ),
]

interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  millisecond: number
}

interface Directive {
  readonly digits: number
  readonly part: keyof Parts
}

/** Directives that can be written and read. */
const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { digits: 4, part: 'year' },
  m: { digits: 2, part: 'month' },
  d: { digits: 2, part: 'day' },
  H: { digits: 2, part: 'hour' },
  M: { digits: 2, part: 'minute' },
  S: { digits: 2, part: 'second' },
  L: { digits: 3, part: 'millisecond' },
}

const expand = (text: string): string => text.replaceAll('%F', '%Y-%m-%d').replaceAll('%T', '%H:%M:%S')

function format(call: Arguments): string {
  const ms = call.number(0)
  // the calendar of the language goes from year 0 to year 9999
  if (!(ms >= -62_167_219_200_000 && ms < 253_402_300_800_000))
    throw call.wrong(0, 'a time in the years 0 to 9999')
  const parts = partsOf(Math.floor(ms))
  const digits = (value: number, width: number): string => String(value).padStart(width, '0')
  return expand(call.text(1)).replace(/%(.)/g, (_, letter: string) => {
    if (letter === '%') return '%'
    if (letter === 'j')
      return digits(daysFrom(parts.year, parts.month, parts.day) - daysFrom(parts.year, 1, 1) + 1, 3)
    const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined
    if (directive === undefined) throw call.invalid(`%${letter} is no directive`)
    return digits(parts[directive.part], directive.digits)
  })
}

function parse(call: Arguments): number | null {
  const text = call.text(0)
  const parts: Parts = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 }
  let at = 0
  for (const [piece, letter] of expand(call.text(1)).matchAll(/%(.)|[^%]/gs)) {
    if (letter === undefined || letter === '%') {
      if (text[at] !== (letter ?? piece)) return null
      at += 1
      continue
    }
    const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined
    if (directive === undefined) throw call.invalid(`%${letter} is no directive that can be read`)
    const digits = text.slice(at, at + directive.digits)
    if (!/^\d+$/.test(digits) || digits.length < directive.digits) return null
    parts[directive.part] = Number(digits)
    at += directive.digits
  }
  return at === text.length ? millisecondsOf(parts) : null
}

/** Null for a date or time of day that does not exist. */
function millisecondsOf(parts: Parts): number | null {
  const { year, month, day, hour, minute, second, millisecond } = parts
  const days = daysFrom(year, month, day)
  const ms = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
  const back = partsOf(ms)
  const exists = (Object.keys(parts) as (keyof Parts)[]).every((part) => back[part] === parts[part])
  return exists ? ms : null
}

function partsOf(ms: number): Parts {
  const days = Math.floor(ms / DAY_MS)
  const rest = ms - days * DAY_MS
  return {
    ...dateOf(days),
    hour: Math.floor(rest / 3_600_000),
    minute: Math.floor(rest / 60_000) % 60,
    second: Math.floor(rest / 1000) % 60,
    millisecond: rest % 1000,
  }
}

/*
 * The calendar in years that begin in March, so that the leap day is the last of its year; an era is 400 years, which is
 * always 146,097 days. 719,468 days lie between 1 March of year 0 and 1 January 1970.
 */

function daysFrom(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = ((marchMonth + 2) % 12) + 1
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  }
}
