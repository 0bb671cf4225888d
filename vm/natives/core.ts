/** Natives about values as such: `len`, `str`, `typeof`, conversions, ranges, output. */
import { lengthOf } from '../machine/operators.ts'
import { parseNumber } from '../values/number-text.ts'
import { NONE, some } from '../values/option.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { isTrue } from '../values/truth.ts'
import { typeName } from '../values/type-name.ts'
import { RangeValue } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { asksHost, constant, type Native, plain } from './native.ts'
import { result } from './result.ts'

export const CORE: readonly Native[] = [
  plain('len(value)', 'Length of a string (code points), list, map, tuple, set or range.', (call) => {
    const value = call.value(0)
    if (typeof value === 'string') call.meter.walk(value.length)
    const length = lengthOf(value)
    if (length === null) throw call.wrong(0, 'a string, list, map, tuple or range')
    return length
  }),
  plain('str(value)', 'The text of any value, as `emit` shows it.', (call) => call.textOf(call.value(0))),
  plain('typeof(value)', 'Name of its type: `nil`, `number`, `list`, ...', (call) => typeName(call.value(0))),
  plain('num(value)', 'A number from a text or number; nil when the text is no number.', (call) => {
    const value = call.value(0)
    if (typeof value === 'number') return value
    return typeof value === 'string' ? parseNumber(value) : null
  }),
  plain('int(value)', 'A number or numeric text, cut to a whole number; nil when it is neither.', (call) => {
    const value = call.value(0)
    const number = typeof value === 'string' ? parseNumber(value) : value
    if (typeof number === 'boolean') return number ? 1 : 0
    return typeof number === 'number' && Number.isFinite(number) ? Math.trunc(number) : null
  }),
  plain('bool(value)', 'False for nil and false, else true.', (call) => isTrue(call.value(0))),
  plain(
    'range(start, end?, step?)',
    'Numbers from start (0 when only an end is given) to before end.',
    range,
  ),
  asksHost('print(...values)', 'Writes texts, separated by blanks, without a newline.', (call) => {
    call.host.print(call.all.map((value) => call.textOf(value)).join(' '))
    return null
  }),
  asksHost('input(prompt?)', 'One line of standard input; nil at its end.', (call) =>
    call.host.input(call.given(0) ? call.text(0) : ''),
  ),
  plain('panic(message)', 'Ends the program; no catch sees it.', (call) => {
    throw new RuntimeError('panic', call.textOf(call.value(0)))
  }),
  plain('assert(condition, message?)', 'An error unless the condition is true.', (call) => {
    if (isTrue(call.value(0))) return null
    throw call.invalid(call.given(1) ? call.textOf(call.value(1)) : 'the condition is false')
  }),
  plain('Some(value)', 'An option that holds a value.', (call) => some(call.value(0))),
  constant('None', 'The option that holds nothing.', NONE),
  plain('Ok(value)', 'A result: {ok: true, value: value}.', (call) => result(true, 'value', call.value(0))),
  plain('Err(error)', 'A result: {ok: false, error: error}.', (call) =>
    result(false, 'error', call.value(0)),
  ),
]

function range(call: Arguments): RangeValue {
  const [start, end] = call.given(1) ? [finite(call, 0), finite(call, 1)] : [0, finite(call, 0)]
  const step = call.given(2) ? finite(call, 2) : 1
  if (step === 0) throw call.invalid('the step must not be 0')
  return new RangeValue(start, end, step)
}

function finite(call: Arguments, index: number): number {
  const number = call.number(index)
  if (Number.isFinite(number)) return number
  throw call.wrong(index, 'a finite number')
}
