/**
 * The instruction set, as data. The emitter, the codec, the verifier, the machine and the disassembler
 * all read this one table; an opcode is a row here and a case in the machine.
 *
 * Code is a sequence of 32-bit words: an opcode word, then its operand words. Jumps are word offsets
 * relative to the word after the instruction; every jump but LOOP goes forward. The stack height at each
 * instruction is a static fact that the verifier computes.
 */

/** What an operand word means. The verifier checks each against the module; the disassembler prints it. */
export type OperandKind =
  | 'constant' // index into module.constants
  | 'name' // index into module.constants; must be a string
  | 'local' // slot of the running function: parameters first, then block locals
  | 'upvalue' // index into the function's captured cells
  | 'global' // index into module.globals
  | 'native' // index into module.natives
  | 'function' // index into module.functions
  | 'type' // index into module.types
  | 'count' // how many stack values are taken
  | 'flags'
  | 'jump' // forward offset in words
  | 'loop' // backward offset in words

export interface OpcodeRow {
  readonly name: string
  readonly operands: readonly OperandKind[]
  /** Stack effect: values taken. A string names the operand that says how many, plus a constant. */
  readonly pops: number | { readonly operand: number; readonly times: number; readonly plus: number }
  readonly pushes: number
  /** One line of pseudo-code. */
  readonly does: string
}

const row = <const N extends string>(
  name: N,
  operands: readonly OperandKind[],
  pops: OpcodeRow['pops'],
  pushes: number,
  does: string,
): OpcodeRow & { readonly name: N } => ({ name, operands, pops, pushes, does })

const counted = (operand: number, plus: number, times = 1) => ({ operand, times, plus })

const TABLE = [
  // literals and stack
  row('CONST', ['constant'], 0, 1, 'push constants[k]'),
  row('NIL', [], 0, 1, 'push nil'),
  row('TRUE', [], 0, 1, 'push true'),
  row('FALSE', [], 0, 1, 'push false'),
  row('POP', [], 1, 0, 'drop the top'),
  row('DUP', [], 1, 2, 'push the top again'),
  // variables
  row('GET_LOCAL', ['local'], 0, 1, 'push slot'),
  row('SET_LOCAL', ['local'], 1, 0, 'slot = pop'),
  row('NEW_CELL', ['local'], 1, 0, 'slot = a fresh cell holding pop (the local is captured by a closure)'),
  row('GET_CELL', ['local'], 0, 1, 'push the value in the cell in slot'),
  row('SET_CELL', ['local'], 1, 0, 'the cell in slot holds pop'),
  row('GET_UPVALUE', ['upvalue'], 0, 1, 'push the value in captured cell u'),
  row('SET_UPVALUE', ['upvalue'], 1, 0, 'captured cell u holds pop'),
  row('GET_GLOBAL', ['global'], 0, 1, 'push global'),
  row('SET_GLOBAL', ['global'], 1, 0, 'global = pop'),
  row('NATIVE', ['native'], 0, 1, 'push the native function as a value'),
  // operators
  row('ADD', [], 2, 1, 'number + number, or join when either is a string'),
  row('SUB', [], 2, 1, 'a - b'),
  row('MUL', [], 2, 1, 'a * b; string * number repeats'),
  row('DIV', [], 2, 1, 'a / b; b == 0 is an error'),
  row('MOD', [], 2, 1, 'a % b; b == 0 is an error'),
  row('NEG', [], 1, 1, '-a'),
  row('NOT', [], 1, 1, 'not a'),
  row('EQ', [], 2, 1, 'a == b (deep, no coercion)'),
  row('NE', [], 2, 1, 'a != b'),
  row('LT', [], 2, 1, 'a < b (two numbers or two strings)'),
  row('LE', [], 2, 1, 'a <= b'),
  row('GT', [], 2, 1, 'a > b'),
  row('GE', [], 2, 1, 'a >= b'),
  row('IN', [], 2, 1, 'a in b'),
  // flow
  row('JUMP', ['jump'], 0, 0, 'go forward'),
  row('JUMP_IF_FALSE', ['jump'], 1, 0, 'pop; go forward when it is nil or false'),
  row('AND', ['jump'], 1, 0, 'when the top is falsy keep it and go forward, else pop it'),
  row('OR', ['jump'], 1, 0, 'when the top is truthy keep it and go forward, else pop it'),
  row('LOOP', ['loop'], 0, 0, 'go back'),
  row('RETURN', [], 1, 0, 'leave the function with pop'),
  row('THROW', [], 1, 0, 'throw pop'),
  row('TRY', ['jump'], 0, 0, 'errors from here to END_TRY go forward to the handler with the error pushed'),
  row('END_TRY', [], 0, 0, 'the innermost handler is done'),
  // calls
  row('CALL', ['count'], counted(0, 1), 1, 'callee, then n arguments: call'),
  row('CALL_GLOBAL', ['global', 'count'], counted(1, 0), 1, 'call global with n arguments'),
  row('CALL_NATIVE', ['native', 'count'], counted(1, 0), 1, 'call the native with n arguments'),
  row('CALL_METHOD', ['name', 'count'], counted(1, 1), 1, 'receiver, then n arguments: call its method'),
  row('CLOSURE', ['function'], 0, 1, 'push function f, capturing cells as the function says'),
  row('SPAWN', ['name'], 1, 1, 'spawn name(pop)'),
  // data
  row('LIST', ['count'], counted(0, 0), 1, 'n values: a list'),
  row('TUPLE', ['count'], counted(0, 0), 1, 'n values: a tuple'),
  row('MAP', ['count'], counted(0, 0, 2), 1, 'n key, value pairs: a map; a later key wins'),
  row('LIST_PUSH', [], 2, 1, 'list, value: append in place, keep the list'),
  row('LIST_SPREAD', [], 2, 1, 'list, iterable: append all in place, keep the list'),
  row('MAP_SET', [], 3, 1, 'map, key, value: set in place, keep the map'),
  row('MAP_SPREAD', [], 2, 1, 'map, map: copy all in place, keep the first'),
  row('GET_INDEX', [], 2, 1, 'base[index]'),
  row('SET_INDEX', [], 3, 1, 'base, index, value: base[index] = value; keep the value'),
  row('GET_PROPERTY', ['name'], 1, 1, 'base.name'),
  row('SET_PROPERTY', ['name'], 2, 1, 'base, value: base.name = value; keep the value'),
  row('SLICE', [], 4, 1, 'base[start:end:step]; a missing part is nil'),
  row('FORMAT', ['count'], counted(0, 0), 1, 'n values: one string of their texts'),
  row('UNPACK', ['count'], 1, 0, 'a list or tuple of exactly n; verifier: pushes n, the first on top'),
  row(
    'UNPACK_REST',
    ['count'],
    1,
    0,
    'a list of at least n; pushes the rest as a list, then n, the first on top',
  ),
  // loops
  row('ITER', [], 1, 1, 'an iterator over pop (its length is fixed now)'),
  row(
    'ITER_NEXT',
    ['jump'],
    1,
    2,
    'keep the iterator and push its next value; at the end pop it and go forward',
  ),
  row(
    'ITER_NEXT_PAIR',
    ['jump'],
    1,
    3,
    'the same, pushing value then key (key on top); lists give the index as key',
  ),
  // types
  row('CONSTRUCT', ['type', 'name'], 0, 1, 'a struct by named arguments; see names below'),
  row('COPY_WITH', ['name'], 0, 1, 'a changed copy of a struct by named arguments; see names below'),
  row(
    'VARIANT',
    ['type', 'flags', 'count'],
    counted(2, 0),
    1,
    'variant number flags of sealed type, with n values',
  ),
  row(
    'MATCH_VARIANT',
    ['name', 'flags', 'jump'],
    1,
    1,
    'peek; when it is not the variant `Name` or `Type.Name` go forward (flags: payload count + 1, 0 = any)',
  ),
  row('VARIANT_FIELD', ['flags'], 1, 2, 'peek a variant and push payload number flags'),
  row('NO_MATCH', [], 1, 0, 'error: no arm fits pop'),
  // output
  row('EMIT', [], 1, 0, 'one line of output'),
] as const

export type OpcodeName = (typeof TABLE)[number]['name']

export type Opcode = OpcodeRow & { readonly name: OpcodeName }

/** The table: an opcode is its index. */
export const OPCODES: readonly Opcode[] = TABLE

/*
 * CONSTRUCT and COPY_WITH: the name operand is a constant of comma-separated field names, as many as values
 * on the stack (COPY_WITH: the struct first). UNPACK n pushes n values, UNPACK_REST n pushes n + 1. `stackEffect`
 * below knows these four, so nobody else has to.
 */

/** Opcode numbers by name: `OP.ADD`. */
export const OP: Readonly<Record<OpcodeName, number>> = Object.fromEntries(
  OPCODES.map((op, code) => [op.name, code]),
) as Record<OpcodeName, number>

/** Values taken and pushed by one instruction on the fall-through path. `nameText` reads a string constant. */
export function stackEffect(
  code: Int32Array,
  at: number,
  nameText: (constant: number) => string,
): { readonly pops: number; readonly pushes: number } {
  const op = OPCODES[code[at]!]!
  const operand = (n: number) => code[at + 1 + n]!
  if (op.name === 'CONSTRUCT') return { pops: fieldNames(nameText(operand(1))).length, pushes: 1 }
  if (op.name === 'COPY_WITH') return { pops: fieldNames(nameText(operand(0))).length + 1, pushes: 1 }
  if (op.name === 'UNPACK') return { pops: 1, pushes: operand(0) }
  if (op.name === 'UNPACK_REST') return { pops: 1, pushes: operand(0) + 1 }
  const pops = typeof op.pops === 'number' ? op.pops : op.pops.times * operand(op.pops.operand) + op.pops.plus
  return { pops, pushes: op.pushes }
}

/** The field names of a CONSTRUCT or COPY_WITH name operand. */
export const fieldNames = (text: string): readonly string[] => (text === '' ? [] : text.split(','))
