/** The instructions that build and take apart data; a part of the run loop that is entered less often. */

import type { SealedType, StructType } from '../../bytecode/module.ts'
import { fieldNames } from '../../bytecode/opcode.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { textOf } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import { TupleValue, type Value } from '../values/value.ts'
import { copyWith, makeVariant, matchesVariant, structByName, variantField } from './construct.ts'
import type { Fiber } from './fiber.ts'
import type { CodeFrame } from './frame.ts'
import { setIndex, setKey, slice } from './indexing.ts'
import { spreadInto, unpackable, walk } from './iteration.ts'
import { getProperty } from './members.ts'
import type { Meter } from './meter.ts'
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
      const task = top(fiber)
      if (typeof task !== 'string') {
        throw new RuntimeError('type', `spawn ${agent}: the task must be a string, got ${describe(task)}`)
      }
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
      const entries = topmost(fiber, 2 * count)
      const map = new Map<string, Value>()
      for (let i = 0; i < entries.length; i += 2) setKey(map, entries[i]!, entries[i + 1]!, meter)
      replace(fiber, 2 * count, map)
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
      throw new RuntimeError('match', `no arm of the match fits ${describe(top(fiber))}`)
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

/** The list under construction that stands below the element. */
function listToFill(list: Value, meter: Meter): Value[] {
  if (!Array.isArray(list)) throw new RuntimeError('type', `cannot append to ${describe(list)}`)
  meter.items(list.length + 1)
  return list
}

function mapToFill(map: Value): Map<string, Value> {
  if (!(map instanceof Map)) throw new RuntimeError('type', `cannot add an entry to ${describe(map)}`)
  return map
}

function joinTexts(values: readonly Value[], meter: Meter): string {
  let joined = ''
  for (const value of values) {
    const text = textOf(value, meter.limits.maxTextLength)
    meter.text(joined.length + text.length)
    joined += text
  }
  return joined
}

function spreadEntries(map: Map<string, Value>, from: Value, meter: Meter): void {
  if (!(from instanceof Map))
    throw new RuntimeError('type', `cannot spread ${describe(from)} into a map: a map is needed`)
  meter.charge(from.size)
  meter.items(map.size + from.size)
  for (const [key, value] of from) map.set(key, value)
}
