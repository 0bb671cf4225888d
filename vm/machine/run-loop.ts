/**
 * The reference meaning of every instruction. Opcodes stand as numbers so that the engine compiles the switch to a jump
 * table; test/vm/run-loop.test.ts holds each against its name. Verified code only: nothing here checks an operand.
 */
import { isEqual } from '../values/equality.ts'
import { compare } from '../values/ordering.ts'
import { isTrue } from '../values/truth.ts'
import { Cell, Closure, type Value } from '../values/value.ts'
import { dataInstruction } from './data-instructions.ts'
import type { Fiber } from './fiber.ts'
import type { CodeFrame } from './frame.ts'
import { getIndex } from './indexing.ts'
import type { Walk } from './iteration.ts'
import { add, contains, divide, multiply, negate, remainder, subtract } from './operators.ts'
import { ENTERED, FINISHED, type Progress, READY, SUSPENDED } from './progress.ts'

/**
 * Runs the function on top of the fiber until the fiber's own call has returned or something must be waited for. Errors
 * of the language are thrown; `frame.at` then tells where.
 */
export function runLoop(fiber: Fiber): typeof SUSPENDED | typeof FINISHED {
  const { stack, frames } = fiber
  const { linked, meter, globals } = fiber.shared
  const { constants } = linked.module
  const charge = (steps: number): void => meter.charge(steps)

  // once for each function entered, returned to or resumed, and for a pause
  for (;;) {
    if (meter.turnIsOver && fiber.pause()) return SUSPENDED
    const frame = frames[frames.length - 1] as CodeFrame
    const { code, base } = frame
    if (frame.function.resume !== null && frame.function.resumesAt(frame.pc)) {
      const resumed = fiber.resumeTranslated(frame)
      if (resumed === ENTERED) continue
      return resumed
    }
    let pc = frame.pc
    let sp = fiber.sp
    let progress: Progress = READY

    // once for each instruction
    while (progress === READY) {
      frame.at = pc
      switch (code[pc++]) {
        case 0: // CONST
          stack[sp++] = constants[code[pc++]!]!
          break
        case 1: // NIL
          stack[sp++] = null
          break
        case 2: // TRUE
          stack[sp++] = true
          break
        case 3: // FALSE
          stack[sp++] = false
          break
        case 4: // POP
          sp -= 1
          break
        case 5: // DUP
          stack[sp] = stack[sp - 1]!
          sp += 1
          break
        case 6: // GET_LOCAL
          stack[sp++] = stack[base + code[pc++]!]!
          break
        case 7: // SET_LOCAL
          stack[base + code[pc++]!] = stack[--sp]!
          break
        case 8: // NEW_CELL
          stack[base + code[pc++]!] = new Cell(stack[--sp] as Value)
          break
        case 9: // GET_CELL
          stack[sp++] = (stack[base + code[pc++]!] as Cell).value
          break
        case 10: // SET_CELL
          ;(stack[base + code[pc++]!] as Cell).value = stack[--sp] as Value
          break
        case 11: // GET_UPVALUE
          stack[sp++] = frame.cells[code[pc++]!]!.value
          break
        case 12: // SET_UPVALUE
          frame.cells[code[pc++]!]!.value = stack[--sp] as Value
          break
        case 13: // GET_GLOBAL
          stack[sp++] = globals[code[pc++]!]!
          break
        case 14: // SET_GLOBAL
          globals[code[pc++]!] = stack[--sp] as Value
          break
        case 15: // NATIVE
          stack[sp++] = linked.nativeValues[code[pc++]!]!
          break

        case 16: // ADD
          sp -= 1
          stack[sp - 1] = add(stack[sp - 1] as Value, stack[sp] as Value, meter)
          break
        case 17: // SUB
          sp -= 1
          stack[sp - 1] = subtract(stack[sp - 1] as Value, stack[sp] as Value)
          break
        case 18: // MUL
          sp -= 1
          stack[sp - 1] = multiply(stack[sp - 1] as Value, stack[sp] as Value, meter)
          break
        case 19: // DIV
          sp -= 1
          stack[sp - 1] = divide(stack[sp - 1] as Value, stack[sp] as Value)
          break
        case 20: // MOD
          sp -= 1
          stack[sp - 1] = remainder(stack[sp - 1] as Value, stack[sp] as Value)
          break
        case 21: // NEG
          stack[sp - 1] = negate(stack[sp - 1] as Value)
          break
        case 22: // NOT
          stack[sp - 1] = !isTrue(stack[sp - 1] as Value)
          break
        case 23: // EQ
          sp -= 1
          stack[sp - 1] = isEqual(stack[sp - 1] as Value, stack[sp] as Value, charge)
          break
        case 24: // NE
          sp -= 1
          stack[sp - 1] = !isEqual(stack[sp - 1] as Value, stack[sp] as Value, charge)
          break
        case 25: // LT
          sp -= 1
          stack[sp - 1] = compare(stack[sp - 1] as Value, stack[sp] as Value) < 0
          break
        case 26: // LE
          sp -= 1
          stack[sp - 1] = compare(stack[sp - 1] as Value, stack[sp] as Value) <= 0
          break
        case 27: // GT
          sp -= 1
          stack[sp - 1] = compare(stack[sp - 1] as Value, stack[sp] as Value) > 0
          break
        case 28: // GE
          sp -= 1
          stack[sp - 1] = compare(stack[sp - 1] as Value, stack[sp] as Value) >= 0
          break
        case 29: // IN
          sp -= 1
          stack[sp - 1] = contains(stack[sp] as Value, stack[sp - 1] as Value, meter)
          break

        case 30: // JUMP
          pc += 1 + code[pc]!
          break
        case 31: // JUMP_IF_FALSE
          pc += isTrue(stack[--sp] as Value) ? 1 : 1 + code[pc]!
          break
        case 32: // AND
          if (isTrue(stack[sp - 1] as Value)) {
            sp -= 1
            pc += 1
          } else pc += 1 + code[pc]!
          break
        case 33: // OR
          if (isTrue(stack[sp - 1] as Value)) pc += 1 + code[pc]!
          else {
            sp -= 1
            pc += 1
          }
          break
        case 34: // LOOP
          meter.tick()
          pc += 1 - code[pc]!
          if (meter.turnIsOver || frame.function.resumesAt(pc)) {
            fiber.sp = sp
            frame.pc = pc
            progress = ENTERED
          }
          break
        case 35: // RETURN
          progress = leave(fiber, frame, stack[sp - 1] as Value)
          break
        case 36: // THROW
          fiber.raise(stack[sp - 1] as Value)
          progress = ENTERED
          break
        case 37: // TRY
          fiber.handlers.push({ frames: frames.length, sp, target: pc + 1 + code[pc]! })
          pc += 1
          break
        case 38: // END_TRY
          fiber.handlers.pop()
          break

        case 39: {
          // CALL
          const count = code[pc++]!
          const calleeAt = sp - count - 1
          fiber.sp = sp
          frame.pc = pc
          progress = fiber.begin(stack[calleeAt] as Value, count, calleeAt)
          if (progress === READY) {
            stack[calleeAt] = fiber.value
            sp = calleeAt + 1
          }
          break
        }
        case 40: {
          // CALL_GLOBAL
          const callee = globals[code[pc]!]!
          const resultAt = sp - code[pc + 1]!
          pc += 2
          fiber.sp = sp
          frame.pc = pc
          progress = fiber.begin(callee, sp - resultAt, resultAt)
          if (progress === READY) {
            stack[resultAt] = fiber.value
            sp = resultAt + 1
          }
          break
        }
        case 41: {
          // CALL_NATIVE
          const native = linked.natives[code[pc]!]!
          const resultAt = sp - code[pc + 1]!
          pc += 2
          fiber.sp = sp
          frame.pc = pc
          progress = fiber.beginNative(native, sp - resultAt, resultAt, resultAt)
          if (progress === READY) {
            stack[resultAt] = fiber.value
            sp = resultAt + 1
          }
          break
        }
        case 42: {
          // CALL_METHOD
          const name = constants[code[pc]!] as string
          const count = code[pc + 1]!
          pc += 2
          fiber.sp = sp
          frame.pc = pc
          progress = fiber.beginMethod(name, count)
          if (progress === READY) {
            sp -= count
            stack[sp - 1] = fiber.value
          }
          break
        }
        case 43: {
          // CLOSURE
          const closed = linked.functions[code[pc++]!]!.code
          const cells = closed.proto.captures.map(({ from, index }) =>
            from === 'local' ? (stack[base + index] as Cell) : frame.cells[index]!,
          )
          stack[sp++] = new Closure(closed, cells)
          break
        }

        case 52: // GET_INDEX
          sp -= 1
          stack[sp - 1] = getIndex(stack[sp - 1] as Value, stack[sp] as Value, meter)
          break
        case 61: {
          // ITER_NEXT
          const walk = stack[sp - 1] as Walk
          if (walk.next()) {
            stack[sp++] = walk.single()
            pc += 1
          } else {
            sp -= 1
            pc += 1 + code[pc]!
          }
          break
        }
        case 62: {
          // ITER_NEXT_PAIR
          const walk = stack[sp - 1] as Walk
          if (walk.next()) {
            stack[sp++] = walk.value
            stack[sp++] = walk.key
            pc += 1
          } else {
            sp -= 1
            pc += 1 + code[pc]!
          }
          break
        }

        default:
          fiber.sp = sp
          frame.pc = pc
          progress = dataInstruction(fiber, frame, code[pc - 1]!)
          sp = fiber.sp
          pc = frame.pc
      }
    }
    if (progress !== ENTERED) return progress === SUSPENDED ? SUSPENDED : FINISHED
  }
}

/** Leaves a function: its handlers and its part of the stack go, its caller gets the value. */
function leave(fiber: Fiber, frame: CodeFrame, value: Value): Progress {
  fiber.frames.pop()
  fiber.dropHandlers()
  fiber.sp = frame.resultAt
  fiber.value = value
  return fiber.deliver(READY)
}
