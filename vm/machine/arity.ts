/** How many arguments a call needs. */
import type { FunctionProto, Literal } from '../../bytecode/module.ts'
import type { Native } from '../natives/native.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { counted } from './construct.ts'

const NONE: readonly Literal[] = []

/** What the last parameters hold that a call with so many arguments has left out. */
export function defaultsFor(
  { name, params, defaults = NONE }: FunctionProto,
  given: number,
): readonly Literal[] {
  const missing = params.length - given
  if (missing < 0 || missing > defaults.length) {
    const max = params.length - (params[0] === 'self' ? 1 : 0)
    throw wrongCount(name, { min: max - defaults.length, max }, max - missing)
  }
  return missing === 0 ? NONE : defaults.slice(defaults.length - missing)
}

/** Holds the number of arguments of a native against its signature. */
export function checkCount(native: Native, given: number): void {
  if (given < native.min || given > native.max) throw wrongCount(native.name, native, given)
}

const wrongCount = (name: string, takes: Pick<Native, 'min' | 'max'>, given: number): RuntimeError =>
  new RuntimeError('arity', `${name} takes ${arityText(takes)}, got ${given}`)

function arityText({ min, max }: Pick<Native, 'min' | 'max'>): string {
  if (max === Number.POSITIVE_INFINITY) return `at least ${counted(min, 'argument')}`
  return min === max ? counted(min, 'argument') : `${min} to ${max} arguments`
}
