/** What a program can be relied on not to change: globals that no instruction sets. */
import { instructionAt } from '../../bytecode/chunk.ts'
import type { StructType } from '../../bytecode/module.ts'
import { OP } from '../../bytecode/opcode.ts'
import type { Code } from '../machine/code.ts'
import type { Linked } from '../machine/linked.ts'
import { Closure, SkillValue, StructTypeValue } from '../values/value.ts'

const assigned = new WeakMap<Linked, ReadonlySet<number>>()

/** Whether a global holds what it held at the start for ever. */
export function isFixed(linked: Linked, global: number): boolean {
  if (linked.module.globals[global]!.is === 'variable') return false
  const known = assigned.get(linked) ?? assignedGlobals(linked)
  assigned.set(linked, known)
  return !known.has(global)
}

function assignedGlobals({ module }: Linked): ReadonlySet<number> {
  const found = new Set<number>()
  for (const { code } of module.functions) {
    for (let at = 0; at < code.length; ) {
      const { operands, next } = instructionAt(code, at)!
      if (code[at] === OP.SET_GLOBAL) found.add(operands[0]!)
      at = next
    }
  }
  return found
}

type CallTarget =
  | { readonly kind: 'code'; readonly code: Code }
  | { readonly kind: 'struct'; readonly type: StructType }

/** What a call of a global always calls; null when that is not known. */
export function callTarget(linked: Linked, global: number): CallTarget | null {
  if (!isFixed(linked, global)) return null
  const value = linked.globals[global]!
  if (value instanceof StructTypeValue) return { kind: 'struct', type: value.type }
  // A call that the host hears of is not made directly.
  if (value instanceof SkillValue && linked.untrusted.has(value.name)) return null
  const closure = value instanceof SkillValue ? linked.skills.get(value.name) : value
  return closure instanceof Closure ? { kind: 'code', code: closure.code } : null
}
