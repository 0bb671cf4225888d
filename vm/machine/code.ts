/**
 * A function of a linked module: its bytecode, and what the machine has made of it. A function that is called often, or
 * whose loops turn often, is translated to JavaScript; the interpreter stays the reference, and takes over wherever
 * translated code has to wait.
 */
import type { FunctionProto } from '../../bytecode/module.ts'
import type { Cell, Value } from '../values/value.ts'
import type { Fiber } from './fiber.ts'
import type { Slot } from './frame.ts'
import { entered, type UNWOUND } from './unwinding.ts'

export type Result = Value | typeof UNWOUND

/** Calls the function with as many arguments as it has parameters. `room`: see `Fiber.room`. */
export type Run = (fiber: Fiber, cells: readonly Cell[], room: number, ...args: Value[]) => Result

/** Goes on at the head of a loop, with the slots and values that stand on the stack from `base`. */
export type Resume = (
  fiber: Fiber,
  cells: readonly Cell[],
  room: number,
  head: number,
  stack: readonly Slot[],
  base: number,
) => Result

/** Makes JavaScript of bytecode. Each answers null for a function that is not for it. */
export interface Translator {
  run(code: Code): Run | null
  resume(code: Code): { readonly resume: Resume; readonly heads: ReadonlySet<number> } | null
}

const NOWHERE: ReadonlySet<number> = new Set()

export class Code {
  readonly proto: FunctionProto
  /** How many parameters it has. */
  readonly arity: number
  /** For translated callers. */
  run: Run
  resume: Resume | null = null
  private readonly translator: Translator
  /** Calls and turns of loops after which it is translated. */
  private readonly hotAfter: number
  private heat = 0
  /** Whether `run` is its translation; null until that was tried. */
  private translated: boolean | null = null
  /** Words at which `resume` may be entered; null until that was tried. */
  private heads: ReadonlySet<number> | null = null

  constructor(proto: FunctionProto, translator: Translator, hotAfter: number) {
    this.proto = proto
    this.arity = proto.params.length
    this.translator = translator
    this.hotAfter = hotAfter
    // what calls this is hot, so this is
    this.run = (fiber, cells, room, ...args) => {
      this.translate()
      return this.run(fiber, cells, room, ...args)
    }
  }

  /** Counts a call by the interpreter; whether to make it by `run`. */
  runsTranslated(): boolean {
    if (this.translated === null) {
      this.heat += 1
      if (this.heat > this.hotAfter) this.translate()
    }
    return this.translated === true
  }

  /** Counts a turn of an interpreted loop; whether to go on by `resume` at the loop's head. */
  resumesAt(head: number): boolean {
    if (this.heads === null) {
      this.heat += 1
      if (this.heat <= this.hotAfter) return false
      const translation = this.translator.resume(this)
      this.resume = translation?.resume ?? null
      this.heads = translation?.heads ?? NOWHERE
    }
    return this.heads.has(head)
  }

  private translate(): void {
    const run = this.translator.run(this)
    this.translated = run !== null
    this.run = run ?? interpreted(this)
  }
}

/** Has a call by translated code made by the interpreter. */
const interpreted =
  (code: Code): Run =>
  (fiber, cells, _room, ...args) => {
    fiber.meter.tick()
    return entered(fiber, code, cells, args)
  }
