/** The instructions that build and take apart data; a part of the run loop that is entered less often. */

import type { SealedType, StructType } from '../../bytecode/module.ts'
import { fieldNames } from '../../bytecode/opcode.ts'
import { TupleValue, type Value } from '../values/value.ts'
import { joinTexts, listToFill, mapOf, mapToFill, noMatch, spawnTask, spreadEntries } from './building.ts'
import { copyWith, makeVariant, matchesVariant, structByName, variantField } from './construct.ts'
import type { Fiber } from './fiber.ts'
import type { CodeFrame } from './frame.ts'
import { setIndex, setKey, slice } from './indexing.ts'
import { spreadInto, unpackable, walk } from './iteration.ts'
import { getProperty } from './members.ts'
import { type Progress, READY } from './progress.ts'
import { setProperty } from './properties.ts'

/** Does one instruction, whose operands start at `frame.pc`; leaves `frame.pc` and `fiber.sp` behind it. */
export function dataInstruction(fiber: Fiber, frame: CodeFrame, opcode: number): Progress {
  const { stack } = fiber
  const { linked, host, meter } = fiber.shared
  const { constants, types } = linked.module

  switch (opcode) {
    case 44: {
      // SPAWN
      const agent = constants[operand(frame)] as string
      const task = spawnTask(agent, top(fiber))
      fiber.sp -= 1
      const answer = fiber.await(host.spawn(agent, task))
      if (answer === READY) stack[fiber.sp++] = fiber.value
      return answer
    }
    case 45: {
      // LIST
      const count = operand(frame)
      replace(fiber, count, topmost(fiber, count))
      return READY
    }
    case 46: {
      // TUPLE
      const count = operand(frame)
      replace(fiber, count, new TupleValue(topmost(fiber, count)))
      return READY
    }
    case 47: {
      // MAP
      const count = operand(frame)
      replace(fiber, 2 * count, mapOf(topmost(fiber, 2 * count), meter))
      return READY
    }
    case 48: // LIST_PUSH
      listToFill(top(fiber, 2), meter).push(top(fiber))
      fiber.sp -= 1
      return READY
    case 49: // LIST_SPREAD
      spreadInto(listToFill(top(fiber, 2), meter), top(fiber), meter)
      fiber.sp -= 1
      return READY
    case 50: // MAP_SET
      setKey(mapToFill(top(fiber, 3)), top(fiber, 2), top(fiber), meter)
      fiber.sp -= 2
      return READY
    case 51: // MAP_SPREAD
      spreadEntries(mapToFill(top(fiber, 2)), top(fiber), meter)
      fiber.sp -= 1
      return READY

    case 53: // SET_INDEX
      setIndex(top(fiber, 3), top(fiber, 2), top(fiber), meter)
      replace(fiber, 3, top(fiber))
      return READY
    case 54: // GET_PROPERTY
      replace(fiber, 1, getProperty(linked, host, top(fiber), constants[operand(frame)] as string))
      return READY
    case 55: // SET_PROPERTY
      setProperty(top(fiber, 2), constants[operand(frame)] as string, top(fiber), meter)
      replace(fiber, 2, top(fiber))
      return READY
    case 56: // SLICE
      replace(fiber, 4, slice(top(fiber, 4), top(fiber, 3), top(fiber, 2), top(fiber), meter))
      return READY
    case 57: {
      // FORMAT
      const count = operand(frame)
      replace(fiber, count, joinTexts(topmost(fiber, count), meter))
      return READY
    }
    case 58: {
      // UNPACK
      const count = operand(frame)
      const items = unpackable(top(fiber), count, false)
      fiber.sp -= 1
      for (let i = count - 1; i >= 0; i -= 1) stack[fiber.sp++] = items[i]!
      return READY
    }
    case 59: {
      // UNPACK_REST
      const count = operand(frame)
      const items = unpackable(top(fiber), count, true)
      stack[fiber.sp - 1] = items.slice(count)
      for (let i = count - 1; i >= 0; i -= 1) stack[fiber.sp++] = items[i]!
      return READY
    }
    case 60: // ITER
      stack[fiber.sp - 1] = walk(top(fiber), meter)
      return READY

    case 63: {
      // CONSTRUCT
      const type = types[operand(frame)] as StructType
      const names = fieldNames(constants[operand(frame)] as string)
      replace(fiber, names.length, structByName(type, names, topmost(fiber, names.length)))
      return READY
    }
    case 64: {
      // COPY_WITH
      const names = fieldNames(constants[operand(frame)] as string)
      replace(
        fiber,
        names.length + 1,
        copyWith(top(fiber, names.length + 1), names, topmost(fiber, names.length)),
      )
      return READY
    }
    case 65: {
      // VARIANT
      const type = types[operand(frame)] as SealedType
      const tag = operand(frame)
      const count = operand(frame)
      replace(fiber, count, makeVariant(type, tag, topmost(fiber, count)))
      return READY
    }
    case 66: {
      // MATCH_VARIANT
      const variant = constants[operand(frame)] as string
      const patterns = operand(frame) - 1
      const jump = operand(frame)
      if (!matchesVariant(top(fiber), variant, patterns)) frame.pc += jump
      return READY
    }
    case 67: {
      // VARIANT_FIELD
      const field = variantField(top(fiber), operand(frame))
      stack[fiber.sp++] = field
      return READY
    }
    case 68: // NO_MATCH
      throw noMatch(top(fiber))
    case 69: // EMIT
      host.emit(joinTexts([top(fiber)], meter))
      fiber.sp -= 1
      return READY
    default:
      throw new TypeError(`opcode ${opcode} has no meaning`)
  }
}

/** The next operand. */
const operand = (frame: CodeFrame): number => frame.code[frame.pc++]!

const top = (fiber: Fiber, depth = 1): Value => fiber.stack[fiber.sp - depth] as Value

/** The topmost so many values, in order. */
const topmost = (fiber: Fiber, count: number): Value[] => fiber.values(fiber.sp - count)

/** Takes so many values away and puts one there. */
function replace(fiber: Fiber, count: number, value: Value): void {
  fiber.sp -= count - 1
  fiber.stack[fiber.sp - 1] = value
}
