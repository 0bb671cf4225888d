/** Methods of the built-in types, and how a method becomes a function: `str_upper(text)` is `text.to_upper()`. */

import type { Awaitable } from '../host.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe, type TypeName, typeName } from '../values/type-name.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { asksHost, calling, type Native, plain, type Steps } from './native.ts'

type Body<R extends Value, T> = (receiver: R, call: Arguments) => T

/** Row builders for the methods of one type; the machine calls them on values of that type only. */
export const methodsOf = <R extends Value>() => ({
  method: (signature: string, doc: string, body: Body<R, Value>): Native => ({
    ...plain(signature, doc, (call) => body(call.receiver as R, call)),
    receivers: 1,
  }),
  calling: (signature: string, doc: string, body: Body<R, Steps>): Native => ({
    ...calling(signature, doc, (call) => body(call.receiver as R, call)),
    receivers: 1,
  }),
  /** One that may answer with a promise. */
  later: (signature: string, doc: string, body: Body<R, Awaitable<Value>>): Native => ({
    ...asksHost(signature, doc, (call) => body(call.receiver as R, call)),
    receivers: 1,
  }),
})

/** The function that does what a method does; the receiver becomes its first argument. */
export function functionForm(name: string, type: TypeName, method: Native | undefined): Native {
  const rest = (row: Native): string => row.signature.slice(row.name.length + 1)
  const checked = (call: Arguments): Arguments => {
    if (typeName(call.receiver) === type) return call
    throw new RuntimeError(
      'type',
      `${name}: the first argument must be a ${type}, got ${describe(call.receiver)}`,
    )
  }
  if (method === undefined) throw new TypeError(`${name}: no such method`)
  const row = {
    name,
    signature: `${name}(${type}${method.max === 0 ? '' : ', '}${rest(method)}`,
    min: method.min + 1,
    max: method.max + 1,
    firstArgument: 2,
  } as const
  if (method.mode === 'plain') return { ...method, ...row, run: (call) => method.run(checked(call)) }
  if (method.mode === 'calling') return { ...method, ...row, run: (call) => method.run(checked(call)) }
  if (method.mode === 'host') return { ...method, ...row, run: (call) => method.run(checked(call)) }
  throw new TypeError(`${name}: a ${method.mode} native is no method`)
}
