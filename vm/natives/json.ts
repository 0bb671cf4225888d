/** `json_parse`, `json_stringify`. */
import { parseJson, stringify } from '../values/json.ts'
import { type Native, plain } from './native.ts'

export const JSON_NATIVES: readonly Native[] = [
  plain(
    'json_parse(text)',
    'The value of a JSON text; what is no JSON is an error of kind `json`.',
    (call) => {
      const text = call.text(0)
      call.meter.charge(text.length >> 2)
      return parseJson(text)
    },
  ),
  plain('json_stringify(value)', 'Compact JSON of a value.', (call) => {
    const text = stringify(call.value(0), call.meter.limits.maxTextLength)
    call.meter.charge(text.length >> 2)
    return text
  }),
]
