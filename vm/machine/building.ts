/** Building lists, maps and texts out of values. */
import { RuntimeError } from '../values/runtime-error.ts'
import { textOf } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import type { Value } from '../values/value.ts'
import { setKey } from './indexing.ts'
import type { Meter } from './meter.ts'

/** The list under construction that stands below the element. */
export function listToFill(list: Value, meter: Meter): Value[] {
  if (!Array.isArray(list)) throw new RuntimeError('type', `cannot append to ${describe(list)}`)
  meter.items(list.length + 1)
  return list
}

export function mapToFill(map: Value): Map<string, Value> {
  if (!(map instanceof Map)) throw new RuntimeError('type', `cannot add an entry to ${describe(map)}`)
  return map
}

/** A map of keys and values that alternate; a later key wins. */
export function mapOf(entries: readonly Value[], meter: Meter): Map<string, Value> {
  const map = new Map<string, Value>()
  for (let i = 0; i < entries.length; i += 2) setKey(map, entries[i]!, entries[i + 1]!, meter)
  return map
}

export function spreadEntries(map: Map<string, Value>, from: Value, meter: Meter): void {
  if (!(from instanceof Map))
    throw new RuntimeError('type', `cannot spread ${describe(from)} into a map: a map is needed`)
  meter.charge(from.size)
  meter.items(map.size + from.size)
  for (const [key, value] of from) map.set(key, value)
}

export function joinTexts(values: readonly Value[], meter: Meter): string {
  let joined = ''
  for (const value of values) {
    const text = textOf(value, meter.limits.maxTextLength)
    meter.text(joined.length + text.length)
    joined += text
  }
  return joined
}

/** The task of `spawn agent(task)`. */
export function spawnTask(agent: string, task: Value): string {
  if (typeof task === 'string') return task
  throw new RuntimeError('type', `spawn ${agent}: the task must be a string, got ${describe(task)}`)
}

export const noMatch = (subject: Value): RuntimeError =>
  new RuntimeError('match', `no arm of the match fits ${describe(subject)}`)
