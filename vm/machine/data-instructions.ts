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
  const operand = (): number => frame.code[frame.pc++]!
  const name = (): string => constants[operand()] as string
  const top = (depth = 1): Value => stack[fiber.sp - depth] as Value
  /** Takes so many values away and puts one there. */
  const replace = (count: number, value: Value): void => {
    fiber.sp -= count - 1
    stack[fiber.sp - 1] = value
  }
  /** The topmost so many values, in order. */
  const values = (count: number): Value[] => fiber.values(fiber.sp - count)

  switch (opcode) {
    case 44: {
      // SPAWN
      const agent = name()
      const task = top()
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
      const count = operand()
      replace(count, values(count))
      return READY
    }
    case 46: {
      // TUPLE
      const count = operand()
      replace(count, new TupleValue(values(count)))
      return READY
    }
    case 47: {
      // MAP
      const count = operand()
      const entries = values(2 * count)
      const map = new Map<string, Value>()
      for (let i = 0; i < entries.length; i += 2) setKey(map, entries[i]!, entries[i + 1]!, meter)
      replace(2 * count, map)
      return READY
    }
    case 48: // LIST_PUSH
      listToFill(top(2), meter).push(top())
      fiber.sp -= 1
      return READY
    case 49: // LIST_SPREAD
      spreadInto(listToFill(top(2), meter), top(), meter)
      fiber.sp -= 1
      return READY
    case 50: // MAP_SET
      setKey(mapToFill(top(3)), top(2), top(), meter)
      fiber.sp -= 2
      return READY
    case 51: // MAP_SPREAD
      spreadEntries(mapToFill(top(2)), top(), meter)
      fiber.sp -= 1
      return READY

    case 53: // SET_INDEX
      setIndex(top(3), top(2), top(), meter)
      replace(3, top())
      return READY
    case 54: // GET_PROPERTY
      replace(1, getProperty(linked, host, top(), name()))
      return READY
    case 55: // SET_PROPERTY
      setProperty(top(2), name(), top(), meter)
      replace(2, top())
      return READY
    case 56: // SLICE
      replace(4, slice(top(4), top(3), top(2), top(), meter))
      return READY
    case 57: {
      // FORMAT
      const count = operand()
      replace(count, joinTexts(values(count), meter))
      return READY
    }
    case 58: {
      // UNPACK
      const count = operand()
      const items = unpackable(top(), count, false)
      fiber.sp -= 1
      for (let i = count - 1; i >= 0; i -= 1) stack[fiber.sp++] = items[i]!
      return READY
    }
    case 59: {
      // UNPACK_REST
      const count = operand()
      const items = unpackable(top(), count, true)
      stack[fiber.sp - 1] = items.slice(count)
      for (let i = count - 1; i >= 0; i -= 1) stack[fiber.sp++] = items[i]!
      return READY
    }
    case 60: // ITER
      stack[fiber.sp - 1] = walk(top(), meter)
      return READY

    case 63: {
      // CONSTRUCT
      const type = types[operand()] as StructType
      const names = fieldNames(name())
      replace(names.length, structByName(type, names, values(names.length)))
      return READY
    }
    case 64: {
      // COPY_WITH
      const names = fieldNames(name())
      replace(names.length + 1, copyWith(top(names.length + 1), names, values(names.length)))
      return READY
    }
    case 65: {
      // VARIANT
      const type = types[operand()] as SealedType
      const tag = operand()
      const count = operand()
      replace(count, makeVariant(type, tag, values(count)))
      return READY
    }
    case 66: {
      // MATCH_VARIANT
      const variant = name()
      const patterns = operand() - 1
      const jump = operand()
      if (!matchesVariant(top(), variant, patterns)) frame.pc += jump
      return READY
    }
    case 67: {
      // VARIANT_FIELD
      const field = variantField(top(), operand())
      stack[fiber.sp++] = field
      return READY
    }
    case 68: // NO_MATCH
      throw new RuntimeError('match', `no arm of the match fits ${describe(top())}`)
    case 69: // EMIT
      host.emit(joinTexts([top()], meter))
      fiber.sp -= 1
      return READY
    default:
      throw new TypeError(`opcode ${opcode} has no meaning`)
  }
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
