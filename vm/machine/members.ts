/** What stands after the dot, where the program has a say: methods of `impl` tables, methods and properties of agents. */
import type { Host } from '../host.ts'
import type { Native } from '../natives/native.ts'
import { METHODS } from '../natives/table.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe, typeName } from '../values/type-name.ts'
import {
  AgentValue,
  Closure,
  OutcomeValue,
  SealedTypeValue,
  StructTypeValue,
  StructValue,
  type Value,
  VariantValue,
} from '../values/value.ts'
import type { ImplMethod, Linked } from './linked.ts'
import { noProperty, ownProperty } from './properties.ts'

/** Methods of agents that the host provides; `impl` methods come after them. */
const AGENT_METHODS: ReadonlySet<string> = new Set([
  'ask',
  'run',
  'reset',
  'history',
  'compact',
  'usage',
  'active_session_count',
  'session_count',
  'skill_call_count',
  'avg_latency_ms',
])

export const isAgentMethod = (receiver: Value, name: string): receiver is AgentValue =>
  receiver instanceof AgentValue && AGENT_METHODS.has(name)

/** A method of the built-in types, such as `list.map`. */
export const builtInMethod = (receiver: Value, name: string): Native | undefined =>
  METHODS.get(typeName(receiver))?.get(name)

/** The method of an `impl` table for a value, or a static one for a type. */
export function implMethod(linked: Linked, receiver: Value, name: string): ImplMethod | undefined {
  const target = implTarget(receiver)
  const method = target === null ? undefined : linked.methods.get(target)?.get(name)
  if (method?.takesSelf && isType(receiver)) {
    throw new RuntimeError('method', `${target}.${name} is a method of a ${target} value, not of the type`)
  }
  return method
}

const isType = (value: Value): value is StructTypeValue | SealedTypeValue =>
  value instanceof StructTypeValue || value instanceof SealedTypeValue

function implTarget(receiver: Value): string | null {
  if (receiver instanceof StructValue || receiver instanceof VariantValue || isType(receiver)) {
    return receiver.type.name
  }
  if (receiver instanceof AgentValue) return receiver.name
  return receiver instanceof OutcomeValue ? 'LoopOutcome' : null
}

/** `base.name`. A method without a call is a function bound to its receiver. */
export function getProperty(linked: Linked, host: Host, base: Value, name: string): Value {
  const own = base instanceof AgentValue ? host.agentProperty(base, name) : ownProperty(base, name)
  if (own !== undefined) return own
  const method = implMethod(linked, base, name)
  if (method === undefined) throw noProperty(base, name)
  const { code, cells } = method.closure
  return method.takesSelf ? new Closure(code, cells, base) : method.closure
}

export const noMethod = (receiver: Value, name: string): RuntimeError =>
  new RuntimeError(receiver === null ? 'type' : 'method', `${describe(receiver)} has no method ${name}`)
