/**
 * How translated code stops: it calls as JavaScript does, so what its calls were doing stands on JavaScript's stack. When
 * it must wait, has run for long, is too deep or has failed, each call under way writes down what it was doing and
 * answers UNWOUND; the fiber makes frames of what was written down, and the interpreter goes on with them.
 */
import type { Steps } from '../natives/native.ts'
import type { Cell, Value } from '../values/value.ts'
import type { Code } from './code.ts'
import type { Fiber } from './fiber.ts'
import type { Slot } from './frame.ts'
import { ENTERED, type Progress, READY, SUSPENDED } from './progress.ts'

/** What a call answers instead of a value. */
export const UNWOUND: unique symbol = Symbol('unwound')

/** A TRY of the function itself: the word of its handler, and the values that stay below the error. */
export interface Try {
  readonly target: number
  readonly height: number
}

export interface UnwoundCode {
  readonly code: Code
  readonly cells: readonly Cell[]
  /** Slots, then the values above them; of a function just entered its arguments. */
  readonly values: readonly Slot[]
  readonly at: number
  readonly pc: number
  /** In force, innermost last. */
  readonly tries: readonly Try[]
  /** Nothing of it has run: it may be one call too deep. */
  readonly entered: boolean
}

export interface UnwoundNative {
  readonly steps: Steps
  readonly entered: boolean
}

/** What the calls under way wrote down, innermost first, and how to go on. */
export interface Unwinding {
  readonly calls: (UnwoundCode | UnwoundNative)[]
  progress: Progress
  /** Thrown by the innermost call. */
  failure: { readonly error: unknown } | null
}

/** A value thrown by THROW on its way through translated code. */
export class Raised {
  readonly value: Value
  constructor(value: Value) {
    this.value = value
  }
}

/** A function is to be run by the interpreter. */
export function entered(
  fiber: Fiber,
  code: Code,
  cells: readonly Cell[],
  args: readonly Value[],
): typeof UNWOUND {
  fiber.unwinding.calls.push({ code, cells, values: args, at: 0, pc: 0, tries: [], entered: true })
  fiber.unwinding.progress = ENTERED
  return UNWOUND
}

/** A native that calls functions is to be started by the interpreter. */
export function nativeEntered(fiber: Fiber, steps: Steps): typeof UNWOUND {
  fiber.unwinding.calls.push({ steps, entered: true })
  fiber.unwinding.progress = READY
  fiber.value = null
  return UNWOUND
}

/** The host will answer later. */
export function waits(fiber: Fiber): typeof UNWOUND {
  fiber.unwinding.progress = SUSPENDED
  return UNWOUND
}
