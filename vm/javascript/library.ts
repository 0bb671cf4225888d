/** What translated code calls: the machine's own functions, and those below, which make calls that the text leaves to them. */
import type { Awaitable } from '../host.ts'
import { checkCount, defaultsFor } from '../machine/arity.ts'
import {
  joinTexts,
  listToFill,
  mapOf,
  mapToFill,
  noMatch,
  spawnTask,
  spreadEntries,
} from '../machine/building.ts'
import { calledSkill } from '../machine/called-skill.ts'
import type { Code, Result } from '../machine/code.ts'
import {
  copyWith,
  makeVariant,
  matchesVariant,
  structByName,
  structByPosition,
  variantField,
  variantOf,
} from '../machine/construct.ts'
import type { Fiber } from '../machine/fiber.ts'
import type { Slot } from '../machine/frame.ts'
import { getIndex, setIndex, setKey, slice } from '../machine/indexing.ts'
import { spreadInto, unpackable, walk } from '../machine/iteration.ts'
import { builtInMethod, getProperty, implMethod, isAgentMethod, noMethod } from '../machine/members.ts'
import type { Meter } from '../machine/meter.ts'
import {
  add,
  contains,
  divide,
  multiply,
  negate,
  notCallable,
  remainder,
  subtract,
} from '../machine/operators.ts'
import { ENTERED, READY } from '../machine/progress.ts'
import { ownProperty, setProperty } from '../machine/properties.ts'
import { entered, nativeEntered, Raised, type Try, UNWOUND, waits } from '../machine/unwinding.ts'
import { Arguments } from '../natives/arguments.ts'
import type { Native, PlainNative, Steps } from '../natives/native.ts'
import { NATIVES } from '../natives/table.ts'
import { isEqual } from '../values/equality.ts'
import { compare } from '../values/ordering.ts'
import { describe } from '../values/type-name.ts'
import {
  Cell,
  Closure,
  NativeValue,
  SealedTypeValue,
  SkillValue,
  StructTypeValue,
  StructValue,
  TupleValue,
  type Value,
} from '../values/value.ts'
import type { MethodSite } from './sites.ts'

/** Every name that the text uses; the text sees these as variables. */
export const LIBRARY = {
  Arguments,
  Cell,
  Closure,
  NO_CELLS: [] as readonly Cell[],
  Raised,
  StructValue,
  TupleValue,
  UNWOUND,
  add,
  setProperty,
  callMethod,
  callNative,
  callValue,
  compare,
  contains,
  copyWith,
  divide,
  entered,
  equal: (a: Value, b: Value, meter: Meter): boolean => isEqual(a, b, (pairs) => meter.charge(pairs)),
  failed,
  getIndex,
  invoke,
  joinTexts,
  listToFill,
  makeVariant,
  mapOf,
  mapToFill,
  matchesVariant,
  multiply,
  negate,
  noMatch,
  pauses,
  plain,
  property,
  remainder,
  setIndex,
  setKey,
  slice,
  spawn,
  spreadEntries,
  spreadInto,
  structByName,
  structByPosition,
  subtract,
  unpackable,
  unwound,
  variantField,
  walk,
}

/** Writes down what a function was doing when something it called stopped. */
function unwound(
  fiber: Fiber,
  code: Code,
  cells: readonly Cell[],
  tries: ReadonlyMap<number, readonly Try[]>,
  at: number,
  pc: number,
  height: number,
  slots: readonly Slot[],
  stack: readonly Slot[],
): typeof UNWOUND {
  fiber.unwinding.calls.push({
    code,
    cells,
    values: [...slots, ...stack.slice(0, height)],
    at,
    pc,
    tries: tries.get(at) ?? NO_TRIES,
    entered: false,
  })
  return UNWOUND
}

const NO_TRIES: readonly Try[] = []

/** The same for an error. A handler of the function itself finds the stack as it was at its TRY. */
function failed(
  fiber: Fiber,
  code: Code,
  cells: readonly Cell[],
  tries: ReadonlyMap<number, readonly Try[]>,
  at: number,
  slots: readonly Slot[],
  stack: readonly Slot[],
  error: unknown,
): typeof UNWOUND {
  fiber.unwinding.failure = { error }
  return unwound(fiber, code, cells, tries, at, at, tries.get(at)?.at(-1)?.height ?? 0, slots, stack)
}

/** The process is to do other things. */
function pauses(fiber: Fiber): void {
  fiber.unwinding.progress = ENTERED
}

/** Calls whatever can be called. */
function callValue(fiber: Fiber, callee: Value, args: readonly Value[], room: number): Result {
  if (callee instanceof Closure) {
    const given = callee.self === undefined ? args : [callee.self, ...args]
    return invoke(fiber, callee.code, callee.cells, given, room)
  }
  if (callee instanceof NativeValue) {
    return callNative(fiber, NATIVES.get(callee.name)!, args.length, args, room)
  }
  if (callee instanceof SkillValue) {
    const { code, cells } = calledSkill(fiber.shared.linked, fiber.host, callee.name)
    return invoke(fiber, code, cells, args, room)
  }
  if (callee instanceof StructTypeValue) return structByPosition(callee.type, args)
  throw notCallable(describe(callee))
}

/** Calls a function, whatever number of arguments is given. */
function invoke(
  fiber: Fiber,
  code: Code,
  cells: readonly Cell[],
  args: readonly Value[],
  room: number,
): Result {
  const given = args.length === code.arity ? args : [...args, ...defaultsFor(code.proto, args.length)]
  switch (given.length) {
    case 0:
      return code.run(fiber, cells, room)
    case 1:
      return code.run(fiber, cells, room, given[0]!)
    case 2:
      return code.run(fiber, cells, room, given[0]!, given[1]!)
    default:
      return code.run(fiber, cells, room, ...given)
  }
}

function plain(fiber: Fiber, native: PlainNative, values: readonly Value[]): Value {
  return native.run(new Arguments(native, values, fiber.host, fiber.meter))
}

/** `count` of the values are arguments; a receiver may stand before them. */
function callNative(
  fiber: Fiber,
  native: Native,
  count: number,
  values: readonly Value[],
  room: number,
): Result {
  if (native.mode === 'constant') throw notCallable(native.name)
  checkCount(native, count)
  fiber.meter.tick()
  const call = new Arguments(native, values, fiber.host, fiber.meter)
  if (native.mode === 'plain') return native.run(call)
  if (native.mode === 'host') return answer(fiber, native.run(call))
  fiber.meter.tick()
  const steps = native.run(call)
  return room <= 0 ? nativeEntered(fiber, steps) : drive(fiber, steps, room - 1)
}

/** Makes the calls that a native asks for. */
function drive(fiber: Fiber, steps: Steps, room: number): Result {
  let step = steps.next(null)
  while (!step.done) {
    const { callee, args } = step.value
    const result = callValue(fiber, callee, args, room)
    if (result === UNWOUND) {
      fiber.unwinding.calls.push({ steps, entered: false })
      return UNWOUND
    }
    step = steps.next(result)
  }
  return step.value
}

/** The host's answer, here already or to be waited for. */
function answer(fiber: Fiber, given: Awaitable<Value>): Result {
  return fiber.await(given) === READY ? fiber.value : waits(fiber)
}

function spawn(fiber: Fiber, agent: string, task: Value): Result {
  return answer(fiber, fiber.host.spawn(agent, spawnTask(agent, task)))
}

/** `values[0].name(...)`. */
function callMethod(fiber: Fiber, site: MethodSite, values: readonly Value[], room: number): Result {
  const receiver = values[0]!
  const { name } = site
  const count = values.length - 1
  const native = methodOf(site, receiver)
  if (native !== undefined) return callNative(fiber, native, count, values, room)
  const args = values.slice(1)
  if (isAgentMethod(receiver, name)) return answer(fiber, fiber.host.agentMethod(receiver, name, args))
  const method = implMethod(fiber.shared.linked, receiver, name)
  if (method !== undefined) {
    const { code } = method.closure
    if (receiver instanceof StructValue && method.takesSelf) {
      site.type = receiver.type
      site.code = code
      site.arity = code.arity
    }
    return invoke(fiber, code, method.closure.cells, method.takesSelf ? values : args, room)
  }
  if (receiver instanceof SealedTypeValue) {
    const variant = variantOf(receiver.type, name, args)
    if (variant === undefined) throw noMethod(receiver, name)
    return variant
  }
  const own = ownProperty(receiver, name)
  if (own === undefined || own === null) throw noMethod(receiver, name)
  return callValue(fiber, own, args, room)
}

function methodOf(site: MethodSite, receiver: Value): Native | undefined {
  if (Array.isArray(receiver)) return site.ofList
  if (typeof receiver === 'string') return site.ofString
  return receiver instanceof Map ? site.ofMap : builtInMethod(receiver, site.name)
}

/** `base.name`, of what is no struct that the text knows. */
function property(fiber: Fiber, name: string, base: Value): Value {
  return getProperty(fiber.shared.linked, fiber.host, base, name)
}
