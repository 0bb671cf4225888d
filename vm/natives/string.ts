/** Methods of strings. Positions and lengths are in code points. */
import { repeat } from '../machine/operators.ts'
import { codePointCount, codePointIndexOf, codePointSlice, codePoints } from '../values/code-points.ts'
import { parseNumber } from '../values/number-text.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { methodsOf } from './method.ts'
import { table } from './native.ts'
import { REGEX_METHODS } from './regex.ts'

const { method } = methodsOf<string>()

/** A method that walks through its text, which is paid for. */
const walking: typeof method = (signature, doc, body) =>
  method(signature, doc, (text, call) => {
    call.meter.walk(text.length)
    return body(text, call)
  })

export const STRING_METHODS = table([
  walking('len()', 'Number of code points.', (text) => codePointCount(text)),
  method('is_empty()', 'Whether it is "".', (text) => text === ''),
  walking('contains(part)', 'Whether part occurs in it.', (text, call) => text.includes(call.text(0))),
  method('starts_with(part)', 'Whether it begins with part.', (text, call) => text.startsWith(call.text(0))),
  method('ends_with(part)', 'Whether it ends with part.', (text, call) => text.endsWith(call.text(0))),
  walking('index_of(part)', 'Where part first occurs, -1 when it does not.', (text, call) =>
    codePointIndexOf(text, call.text(0)),
  ),
  walking('count(part)', 'How often part occurs, without overlaps.', (text, call) => {
    const part = call.text(0)
    return part === '' ? 0 : text.split(part).length - 1
  }),
  walking('split(separator)', 'The parts between separators; with "" the characters.', (text, call) =>
    pieces(call, call.text(0) === '' ? codePoints(text) : text.split(call.text(0))),
  ),
  method('join(list)', 'The texts of a list with this string between them.', (separator, call) =>
    joinTexts(call.list(0), separator, call),
  ),
  walking('replace(part, by)', 'Every occurrence of part, taken literally, replaced.', (text, call) => {
    const [part, by] = [call.text(0), call.text(1)]
    const count = part === '' ? codePointCount(text) + 1 : text.split(part).length - 1
    call.meter.text(text.length + count * Math.max(0, by.length - part.length))
    return text.replaceAll(part, () => by)
  }),
  walking('trim()', 'Without blanks at both ends.', (text) => text.trim()),
  walking('trim_start()', 'Without blanks at the beginning.', (text) => text.trimStart()),
  walking('trim_end()', 'Without blanks at the end.', (text) => text.trimEnd()),
  walking('to_upper()', 'In capitals.', (text) => text.toUpperCase()),
  walking('to_lower()', 'In small letters.', (text) => text.toLowerCase()),
  walking(
    'substring(start, length?)',
    'So many characters from start; all the rest when no length is given.',
    substring,
  ),
  method('repeat(times)', 'Itself so many times.', (text, call) => repeat(text, call.size(0), call.meter)),
  walking('reverse()', 'Its characters backwards.', (text) => codePoints(text).reverse().join('')),
  walking('chars()', 'List of its characters.', (text, call) => pieces(call, codePoints(text))),
  walking('lines()', 'List of its lines.', (text, call) =>
    pieces(call, text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)),
  ),
  walking('words()', 'List of its words, blanks left out.', (text, call) =>
    pieces(
      call,
      text.split(/\s+/).filter((word) => word !== ''),
    ),
  ),
  walking(
    'pad_left(width, fill?)',
    'Filled up in front to so many characters.',
    (text, call) => filling(text, call) + text,
  ),
  walking(
    'pad_right(width, fill?)',
    'Filled up behind to so many characters.',
    (text, call) => text + filling(text, call),
  ),
  walking('is_numeric()', 'Whether it spells a number.', (text) => parseNumber(text) !== null),
  walking('to_number()', 'The number that it spells; nil when it spells none.', (text) => parseNumber(text)),
  ...REGEX_METHODS,
])

/** The texts of values with a separator between them. */
export function joinTexts(values: readonly Value[], separator: string, call: Arguments): string {
  const texts = values.map((value) => call.textOf(value))
  const length = texts.reduce(
    (sum, text) => sum + text.length,
    separator.length * Math.max(0, texts.length - 1),
  )
  // Once for the whole: paying for each step of a growing text would cost its square.
  call.meter.text(length)
  return texts.join(separator)
}

/** `substring(start, end)` of the function form: an end, not a length. */
export function substringTo(text: string, call: Arguments): string {
  call.meter.walk(text.length)
  const length = codePointCount(text)
  const start = Math.min(call.size(0), length)
  return codePointSlice(text, start, Math.max(start, Math.min(call.size(1, length), length)))
}

function substring(text: string, call: Arguments): string {
  const length = codePointCount(text)
  const start = Math.min(call.size(0), length)
  return codePointSlice(text, start, Math.min(start + call.size(1, length), length))
}

function filling(text: string, call: Arguments): string {
  const width = call.size(0)
  const fill = call.given(1) ? call.text(1) : ' '
  if (codePointCount(fill) !== 1) throw call.wrong(1, 'one character')
  return repeat(fill, Math.max(0, width - codePointCount(text)), call.meter)
}

function pieces(call: Arguments, parts: string[]): Value[] {
  call.meter.items(parts.length)
  call.meter.charge(parts.length)
  return parts
}
