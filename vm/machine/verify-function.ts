/** Verifies the code of one function by following every path through it with the kinds of what the stack holds. */
import { endsFlow, type Instruction, instructionAt, jumpTarget } from '../../bytecode/chunk.ts'
import type { FunctionProto, Module } from '../../bytecode/module.ts'
import { ModuleError } from '../../bytecode/module-error.ts'
import { OP, OPCODES, type OperandKind, stackEffect } from '../../bytecode/opcode.ts'
import { CELL, FlowStates, type State, type TryState, VALUE, WALK } from './flow-state.ts'

const MAX_LOCALS = 65_535
/** Stack heights and counts beyond this are no compiler's work. */
const MAX_HEIGHT = 65_535

export function verifyFunction(module: Module, proto: FunctionProto): void {
  new FunctionVerifier(module, proto).run()
}

class FunctionVerifier {
  private readonly module: Module
  private readonly proto: FunctionProto
  private readonly instructions = new Map<number, Instruction>()
  private at = 0

  constructor(module: Module, proto: FunctionProto) {
    this.module = module
    this.proto = proto
  }

  run(): void {
    this.frame()
    this.decode()
    this.follow(new FlowStates(this.proto, this.jumpTargets(), (problem) => this.refuse('bad_flow', problem)))
  }

  private frame(): void {
    const { params, defaults = [], cellParams, locals, file } = this.proto
    if (locals < params.length || locals > MAX_LOCALS) this.refuse('bad_function', `${locals} locals`)
    if (defaults.length > params.length) this.refuse('bad_function', 'more defaults than parameters')
    if (this.module.files[file] === undefined) this.refuse('bad_function', `file ${file}`)
    if (cellParams.some((slot) => slot < 0 || slot >= params.length)) {
      this.refuse('bad_function', 'a captured parameter that is none')
    }
    if (new Set(cellParams).size !== cellParams.length) {
      this.refuse('bad_function', 'a parameter captured twice')
    }
  }

  /** Reads all instructions, reachable or not, and holds their operands against the module. */
  private decode(): void {
    const { code } = this.proto
    for (this.at = 0; this.at < code.length; ) {
      const instruction = instructionAt(code, this.at)
      if (instruction === null) this.refuse('bad_instruction', `opcode ${code[this.at]}`)
      instruction.op.operands.forEach((kind, i) => {
        const value = instruction.operands[i]!
        if (!this.operandFits(kind, value))
          this.refuse('bad_operand', `${instruction.op.name} ${kind} ${value}`)
      })
      this.types(instruction)
      this.instructions.set(this.at, instruction)
      this.at = instruction.next
    }
  }

  private operandFits(kind: OperandKind, value: number): boolean {
    const { constants, globals, natives, functions, types } = this.module
    switch (kind) {
      case 'constant':
        return constants[value] !== undefined
      case 'name':
        return typeof constants[value] === 'string'
      case 'local':
        return value >= 0 && value < this.proto.locals
      case 'upvalue':
        return this.proto.captures[value] !== undefined
      case 'global':
        return globals[value] !== undefined
      case 'native':
        return natives[value] !== undefined
      case 'function':
        return functions[value] !== undefined
      case 'type':
        return types[value] !== undefined
      case 'count':
      case 'flags':
        return value >= 0 && value <= MAX_HEIGHT
      case 'jump':
        return value >= 0
      case 'loop':
        return value > 0
    }
  }

  private types({ at, op, operands }: Instruction): void {
    const opcode = this.proto.code[at]
    const type = this.module.types[operands[0]!]
    const fits =
      (opcode !== OP.CONSTRUCT || type?.kind === 'struct') &&
      (opcode !== OP.VARIANT || (type?.kind === 'sealed' && type.variants[operands[1]!] !== undefined))
    if (!fits) this.refuse('bad_operand', `${op.name} of type ${operands[0]}`)
  }

  private jumpTargets(): ReadonlySet<number> {
    const targets = new Set<number>()
    for (const instruction of this.instructions.values()) {
      const target = jumpTarget(instruction)
      if (target === null) continue
      this.at = instruction.at
      if (!this.instructions.has(target))
        this.refuse('bad_jump', `to word ${target}, which starts no instruction`)
      targets.add(target)
    }
    return targets
  }

  private follow(states: FlowStates): void {
    for (let next = states.take(); next !== null; next = states.take()) {
      const { state } = next
      for (this.at = next.at; ; ) {
        const instruction = this.instructions.get(this.at)
        if (instruction === undefined) this.refuse('bad_flow', 'runs off the end of the code')
        states.visit()
        this.step(instruction, state, states)
        if (endsFlow(this.proto.code[this.at]!)) break
        this.at = instruction.next
        if (states.isTarget(this.at)) {
          states.arrive(this.at, state)
          break
        }
      }
    }
  }

  /** Changes the state as the instruction does and tells its jump target. */
  private step(instruction: Instruction, state: State, states: FlowStates): void {
    const { stack } = state
    const target = jumpTarget(instruction)
    switch (this.proto.code[instruction.at]) {
      case OP.POP:
        this.keep(state, 1, instruction)
        stack.pop()
        return
      case OP.ITER:
        this.pop(state, 1, instruction)
        this.push(state, 1, WALK)
        return
      case OP.ITER_NEXT:
      case OP.ITER_NEXT_PAIR:
        if (stack.at(-1) !== WALK) this.refuse('bad_stack', `${instruction.op.name} without an iterator`)
        this.keep(state, 1, instruction)
        states.arrive(target!, { ...state, stack: stack.slice(0, -1) })
        this.push(state, instruction.op.pushes - 1)
        return
      case OP.AND:
      case OP.OR:
        this.pop(state, 1, instruction)
        states.arrive(target!, { ...state, stack: [...stack, VALUE] })
        return
      case OP.TRY:
        this.enterTry(state, target!, states)
        return
      case OP.END_TRY:
        if (state.tries.length === 0) this.refuse('bad_flow', 'END_TRY without TRY')
        state.tries = state.tries.slice(0, -1)
        return
      default:
        this.slots(instruction, state)
        this.applyEffect(instruction, state)
        this.assign(instruction, state, states)
        if (target !== null) states.arrive(target, state)
    }
  }

  private applyEffect(instruction: Instruction, state: State): void {
    const { constants } = this.module
    const { pops, pushes } = stackEffect(this.proto.code, instruction.at, (k) => constants[k] as string)
    this.pop(state, pops, instruction)
    this.push(state, pushes)
  }

  private pop(state: State, count: number, instruction: Instruction): void {
    this.keep(state, count, instruction)
    const from = state.stack.length - count
    if (state.stack.includes(WALK, from)) this.refuse('bad_stack', `${instruction.op.name} takes an iterator`)
    state.stack.length = from
  }

  /** What stood on the stack at a TRY stays there for its handler. */
  private keep({ stack, tries }: State, count: number, { op }: Instruction): void {
    const own = stack.length - (tries.at(-1)?.height ?? 0)
    if (count > own) this.refuse('bad_stack', `${op.name} takes ${count} of ${own}`)
  }

  private push(state: State, count: number, kind: typeof VALUE | typeof WALK = VALUE): void {
    if (state.stack.length + count > MAX_HEIGHT) this.refuse('too_large', 'the stack grows too high')
    for (let i = 0; i < count; i += 1) state.stack.push(kind)
  }

  /** Slots hold a value or a cell; an instruction for the one must not meet the other. */
  private slots({ op, operands }: Instruction, { slots }: State): void {
    const expect = (slot: number, kind: number): void => {
      if (slots[slot] !== kind) this.refuse('bad_slot', `${op.name} of local ${slot}`)
    }
    if (op.name === 'GET_LOCAL') expect(operands[0]!, VALUE)
    if (op.name === 'GET_CELL' || op.name === 'SET_CELL') expect(operands[0]!, CELL)
    if (op.name === 'CLOSURE') {
      for (const { from, index } of this.module.functions[operands[0]!]!.captures) {
        if (from === 'local') expect(index, CELL)
        else if (this.proto.captures[index] === undefined)
          this.refuse('bad_operand', `captured cell ${index}`)
      }
    }
  }

  private assign({ op, operands }: Instruction, state: State, states: FlowStates): void {
    if (op.name === 'SET_LOCAL') states.assign(state, operands[0]!, VALUE)
    if (op.name === 'NEW_CELL') states.assign(state, operands[0]!, CELL)
  }

  private enterTry(state: State, target: number, states: FlowStates): void {
    const entered: TryState = { target, height: state.stack.length, stack: [...state.stack, VALUE] }
    states.arrive(target, { ...state, stack: [...entered.stack] })
    state.tries = [...state.tries, entered]
  }

  private refuse(code: string, problem: string): never {
    const { name } = this.proto
    const op = OPCODES[this.proto.code[this.at] ?? -1]?.name ?? 'no instruction'
    throw new ModuleError(code, `function ${name}, word ${this.at} (${op}): ${problem}`, {
      function: name,
      at: this.at,
    })
  }
}
