/** Methods of the results that `Ok` and `Err` make: maps `{ok: true, value}` and `{ok: false, error}`. */
import { RuntimeError } from '../values/runtime-error.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { methodsOf } from './method.ts'
import type { Native } from './native.ts'

type ValueMap = Map<string, Value>

const { method, calling } = methodsOf<ValueMap>()

export const result = (ok: boolean, name: 'value' | 'error', value: Value): ValueMap =>
  new Map<string, Value>([
    ['ok', ok],
    [name, value],
  ])

function isOk(map: ValueMap, call: Arguments): boolean {
  const ok = map.get('ok')
  if (typeof ok === 'boolean') return ok
  throw call.invalid('the map is no result: it has no `ok` that is true or false')
}

const held = (map: ValueMap): Value => map.get('value') ?? null

export const RESULT_METHODS: readonly Native[] = [
  method('is_ok()', 'Of a result: whether it is Ok.', isOk),
  method('is_err()', 'Of a result: whether it is Err.', (map, call) => !isOk(map, call)),
  method('unwrap()', 'Of a result: its value; an error with its error when it is Err.', (map, call) => {
    if (isOk(map, call)) return held(map)
    throw new RuntimeError('value', `unwrap of Err(${call.textOf(map.get('error') ?? null)})`)
  }),
  method('unwrap_or(otherwise)', 'Of a result: its value, or what is given when it is Err.', (map, call) =>
    isOk(map, call) ? held(map) : call.value(0),
  ),
  calling('map(f)', 'Of a result: Ok of f(value); Err stays as it is.', function* (map, call) {
    const f = call.callable(0)
    return isOk(map, call) ? result(true, 'value', yield { callee: f, args: [held(map)] }) : map
  }),
  calling(
    'and_then(f)',
    'Of a result: f(value), which gives a result; Err stays as it is.',
    function* (map, call) {
      const f = call.callable(0)
      return isOk(map, call) ? yield { callee: f, args: [held(map)] } : map
    },
  ),
]
