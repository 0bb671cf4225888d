/**
 * What operators, natives and value functions throw when a program asks the impossible. The machine adds the place
 * and hands it to the program's `catch` as an ErrorValue.
 */
export type RuntimeErrorKind =
  | 'type' // a value of the wrong type
  | 'value' // the right type, an impossible value
  | 'arity' // wrong number of arguments
  | 'index' // no such element
  | 'property' // no such property, or not writable
  | 'method' // no such method
  | 'zero_division'
  | 'match' // no arm fits
  | 'json' // text that is no JSON, or a value that has no JSON form
  | 'limit' // a text or a collection would pass its size cap
  | 'stack_overflow'
  | 'skill' // no such skill
  | 'fuel' // the activation has used up its steps
  | 'deadline' // the activation is out of time
  | 'memory' // the process is about to run out of memory
  | 'panic'

/** Kinds that no `catch` of the program sees: they end the activation. */
const UNCATCHABLE: ReadonlySet<RuntimeErrorKind> = new Set(['fuel', 'deadline', 'memory', 'panic'])

export class RuntimeError extends Error {
  readonly kind: RuntimeErrorKind
  constructor(kind: RuntimeErrorKind, message: string) {
    super(message)
    this.name = 'RuntimeError'
    this.kind = kind
  }

  get catchable(): boolean {
    return !UNCATCHABLE.has(this.kind)
  }
}
