/**
 * The words of one function. It knows the stack height at every point, and whether control reaches it: after a `return`
 * or a `break` nothing is written until a label is bound to which something jumps, so no dead code exists.
 */
import { endsFlow, heightAtTarget } from '../../bytecode/chunk.ts'
import { OP, OPCODES, type OpcodeName, stackEffect } from '../../bytecode/opcode.ts'
import type { Position } from '../source/source-file.ts'

/** Words of the instruction being written; none has more. */
const INSTRUCTION = new Int32Array(1 + Math.max(...OPCODES.map(({ operands }) => operands.length)))

/** Target of forward jumps. */
export class Label {
  /** Words that hold the offset, to be filled in when the label is bound. */
  readonly holes: number[] = []
  /** Stack height of all its jumps. */
  height: number | null = null
}

/** Target of LOOP. */
export interface LoopStart {
  readonly word: number
  readonly height: number
}

export class CodeBuilder {
  readonly #words: number[] = []
  readonly #positions: number[] = []
  readonly #nameText: (constant: number) => string
  #position: Position = { line: 1, column: 1 }
  #height = 0
  #reachable = true

  /** `nameText` reads a string constant of the module. */
  constructor(nameText: (constant: number) => string) {
    this.#nameText = nameText
  }

  /** Values on the stack, above the function's slots. */
  get height(): number {
    return this.#height
  }

  get reachable(): boolean {
    return this.#reachable
  }

  /** The source position of the instructions that follow. */
  at(position: Position): void {
    this.#position = position
  }

  emit(name: OpcodeName, ...operands: readonly number[]): void {
    if (!this.#reachable) return
    const word = this.#words.length
    this.#mark(word)
    this.#words.push(OP[name], ...operands)
    // Only the words of this instruction are looked at.
    INSTRUCTION[0] = OP[name]
    INSTRUCTION.set(operands, 1)
    const { pops, pushes } = stackEffect(INSTRUCTION, 0, this.#nameText)
    if (pops > this.#height) throw new Error(`${name} takes ${pops} values of ${this.#height}`)
    this.#height += pushes - pops
    if (endsFlow(OP[name])) this.#reachable = false
  }

  #mark(word: number): void {
    const { line, column } = this.#position
    const last = this.#positions.length - 3
    if (last >= 0 && this.#positions[last + 1] === line && this.#positions[last + 2] === column) return
    this.#positions.push(word, line, column)
  }

  /** A jump whose last operand is the offset. */
  jump(name: OpcodeName, label: Label, ...operands: readonly number[]): void {
    if (!this.#reachable) return
    const before = this.#height
    this.emit(name, ...operands, 0)
    const height = heightAtTarget(OP[name], before, this.#height)
    if (label.height !== null && label.height !== height)
      throw new Error(`${name} arrives with ${height} values where others arrive with ${label.height}`)
    label.height = height
    label.holes.push(this.#words.length - 1)
  }

  /** The label is here. */
  bind(label: Label): void {
    if (label.height === null) return
    if (this.#reachable && label.height !== this.#height)
      throw new Error(`a label of height ${label.height} is bound at height ${this.#height}`)
    for (const hole of label.holes) this.#words[hole] = this.#words.length - (hole + 1)
    this.#height = label.height
    this.#reachable = true
  }

  loopStart(): LoopStart {
    return { word: this.#words.length, height: this.#height }
  }

  /** Back to the start of a loop, leaving behind what has been pushed since. */
  loop(start: LoopStart): void {
    this.drop(this.#height - start.height)
    this.emit('LOOP', this.#words.length + 2 - start.word)
  }

  drop(count: number): void {
    for (let left = count; left > 0; left--) this.emit('POP')
  }

  done(): { readonly code: Int32Array; readonly positions: Int32Array } {
    if (this.#reachable) throw new Error('the function has no end')
    return { code: Int32Array.from(this.#words), positions: Int32Array.from(this.#positions) }
  }
}
