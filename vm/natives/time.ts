/** Time of day and date, in UTC: the host gives milliseconds since 1970, the calendar is computed here. */
import { after } from '../awaitable.ts'
import { dateOf, daysOf } from '../values/calendar.ts'
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
      return digits(daysOf(parts.year, parts.month, parts.day) - daysOf(parts.year, 1, 1) + 1, 3)
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
  const days = daysOf(year, month, day)
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
