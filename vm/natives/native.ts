/**
 * A native function or method, as a row of a table: its signature, what it does, its doc line. How many arguments it
 * takes is read from the signature: `x?` may be left out, `...x` takes any number.
 */
import type { Awaitable } from '../host.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'

/** A call that a native wants made; the machine makes it and resumes the native with the result. */
export interface Callback {
  readonly callee: Value
  readonly args: readonly Value[]
}

/** A native that calls back. Written as a generator, so that what it calls may suspend at any time. */
export type Steps = Generator<Callback, Value, Value>

interface Signature {
  readonly name: string
  /** As in the table: `split(separator)`. */
  readonly signature: string
  readonly min: number
  readonly max: number
  readonly doc: string
  /** How many values stand before the first argument: 1 for a method and for its function form. */
  readonly receivers: 0 | 1
  /** What messages call the first argument: a function form counts its receiver. */
  readonly firstArgument: 1 | 2
}

/** Answers at once. */
export interface PlainNative extends Signature {
  readonly mode: 'plain'
  run(call: Arguments): Value
}

/** Asks the host, or loads what it needs: it may answer with a promise. */
export interface HostNative extends Signature {
  readonly mode: 'host'
  run(call: Arguments): Awaitable<Value>
}

/** Calls functions of the program. */
export interface CallingNative extends Signature {
  readonly mode: 'calling'
  run(call: Arguments): Steps
}

/** A name that stands for a value, such as `None`. */
export interface ConstantNative extends Signature {
  readonly mode: 'constant'
  readonly value: Value
}

export type Native = PlainNative | HostNative | CallingNative | ConstantNative

export const plain = (signature: string, doc: string, run: PlainNative['run']): PlainNative => ({
  ...parse(signature, doc),
  mode: 'plain',
  run,
})

export const asksHost = (signature: string, doc: string, run: HostNative['run']): HostNative => ({
  ...parse(signature, doc),
  mode: 'host',
  run,
})

export const calling = (signature: string, doc: string, run: CallingNative['run']): CallingNative => ({
  ...parse(signature, doc),
  mode: 'calling',
  run,
})

export const constant = (name: string, doc: string, value: Value): ConstantNative => ({
  ...parse(`${name}()`, doc),
  mode: 'constant',
  value,
})

function parse(signature: string, doc: string): Signature {
  const open = signature.indexOf('(')
  const params = signature.slice(open + 1, -1)
  const names = params === '' ? [] : params.split(', ')
  return {
    name: signature.slice(0, open),
    signature,
    min: names.filter((name) => !name.endsWith('?') && !name.startsWith('...')).length,
    max: names.some((name) => name.startsWith('...')) ? Number.POSITIVE_INFINITY : names.length,
    doc,
    receivers: 0,
    firstArgument: 1,
  }
}

export type Table = ReadonlyMap<string, Native>

export const table = (...groups: readonly (readonly Native[])[]): Table =>
  new Map(groups.flat().map((native) => [native.name, native]))
