/** Reading a function's code word by word: what the disassembler, the verifier and traces share. */
import type { FunctionProto } from './module.ts'
import { OP, OPCODES, type Opcode } from './opcode.ts'

export interface Instruction {
  /** Word offset of the opcode. */
  readonly at: number
  readonly op: Opcode
  readonly operands: readonly number[]
  /** Word offset of the instruction after this one. */
  readonly next: number
}

/**
 * The instruction at a word offset; null when there is no such opcode or its operands go beyond the end. The offset must
 * be an instruction's first word, which only reading from word 0 establishes.
 */
export function instructionAt(code: Int32Array, at: number): Instruction | null {
  const op = OPCODES[code[at] ?? -1]
  if (op === undefined) return null
  const next = at + 1 + op.operands.length
  return next > code.length ? null : { at, op, operands: [...code.subarray(at + 1, next)], next }
}

/** Where a jumping instruction goes, as a word offset; null for all others. */
export function jumpTarget({ op, operands, next }: Instruction): number | null {
  const index = op.operands.findIndex((kind) => kind === 'jump' || kind === 'loop')
  if (index < 0) return null
  return op.operands[index] === 'jump' ? next + operands[index]! : next - operands[index]!
}

/** Source position of the instruction at a word offset, 1-based; null when the function has none before it. */
export function positionAt(
  positions: FunctionProto['positions'],
  at: number,
): { readonly line: number; readonly column: number } | null {
  let low = 0
  let high = Math.floor(positions.length / 3)
  while (low < high) {
    const middle = (low + high) >> 1
    if (positions[middle * 3]! <= at) low = middle + 1
    else high = middle
  }
  if (low === 0) return null
  return { line: positions[low * 3 - 2]!, column: positions[low * 3 - 1]! }
}

/** Opcodes after which control never reaches the next instruction. */
const ENDING = new Set([OP.JUMP, OP.LOOP, OP.RETURN, OP.THROW, OP.NO_MATCH])

export const endsFlow = (opcode: number): boolean => ENDING.has(opcode)

/**
 * Stack height where a jumping instruction lands, from the heights before and after it on the fall-through path: AND and
 * OR keep the value they tested, an iterator at its end is gone, a handler finds the error.
 */
export function heightAtTarget(opcode: number, before: number, after: number): number {
  switch (opcode) {
    case OP.AND:
    case OP.OR:
      return before
    case OP.ITER_NEXT:
    case OP.ITER_NEXT_PAIR:
      return before - 1
    case OP.TRY:
      return before + 1
    default:
      return after
  }
}
