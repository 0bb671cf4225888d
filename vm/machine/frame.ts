/** What stands on a fiber's call stack. */
import { positionAt } from '../../bytecode/chunk.ts'
import type { Steps } from '../natives/native.ts'
import type { TraceEntry } from '../values/error-value.ts'
import type { Cell, Value } from '../values/value.ts'
import type { Code } from './code.ts'
import type { Walk } from './iteration.ts'

/** The stack holds values, the cells of captured variables and the walks of running loops. */
export type Slot = Value | Cell | Walk

/** A running function of the program. */
export class CodeFrame {
  readonly function: Code
  readonly code: Int32Array
  readonly cells: readonly Cell[]
  /** Stack position of slot 0. */
  readonly base: number
  /** Stack position at which the caller finds the result. */
  readonly resultAt: number
  /** Word to go on with. */
  pc = 0
  /** First word of the instruction under way: what a trace shows. */
  at = 0

  constructor(code: Code, cells: readonly Cell[], base: number, resultAt: number) {
    this.function = code
    this.code = code.proto.code
    this.cells = cells
    this.base = base
    this.resultAt = resultAt
  }

  place(files: readonly string[]): TraceEntry {
    const { name, file, positions } = this.function.proto
    const position = positionAt(positions, this.at)
    return {
      function: name,
      file: files[file] ?? '',
      line: position?.line ?? 0,
      column: position?.column ?? 0,
    }
  }
}

/** A native that waits for a function it has called. */
export class NativeFrame {
  readonly steps: Steps
  readonly resultAt: number

  constructor(steps: Steps, resultAt: number) {
    this.steps = steps
    this.resultAt = resultAt
  }
}

export type Frame = CodeFrame | NativeFrame

/** A TRY in force. */
export interface Handler {
  /** How many frames stay. */
  readonly frames: number
  /** Stack position at which the error is pushed. */
  readonly sp: number
  /** Word to go on with. */
  readonly target: number
}
