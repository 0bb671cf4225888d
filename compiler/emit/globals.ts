/** The globals of a program: every declaration wherever it is written, and the variables of the top level. */
import type { Literal, SealedType, StructType } from '../../bytecode/module.ts'
import type { CheckedProgram } from '../check/program.ts'
import type { Expr, FunDecl, LetTarget, SealedDecl, StructDecl } from '../syntax/ast.ts'
import { literalOf } from '../syntax/literal.ts'
import type { ModuleBuilder } from './module-builder.ts'

export interface ReservedFunction {
  readonly index: number
  readonly source: FunDecl
}

/** Gives every global its slot, before any code is written that may name it. Functions are still to be written. */
export function declareGlobals(program: CheckedProgram, module: ModuleBuilder): ReservedFunction[] {
  const functions = topLevelFunctions(program).map((source) => ({ index: module.reserveFunction(), source }))
  for (const { index, source } of functions)
    module.declareGlobal({ name: source.name.text, is: 'function', function: index })
  for (const struct of program.structs) module.declareType(structType(struct))
  for (const sealed of program.sealed) module.declareType(sealedType(sealed))
  for (const { name } of program.agents) module.declareGlobal({ name, is: 'agent' })
  for (const { name, impl } of program.skills) {
    // A built-in skill that is also a native is called as the native.
    if (impl.kind === 'declared' || !module.isNative(name)) module.declareGlobal({ name, is: 'skill' })
  }
  for (const [name, constant] of topLevelVariables(program)) {
    if (module.global(name) === null) module.declareGlobal({ name, is: 'variable', constant })
  }
  return functions
}

/** Functions declared inside blocks are locals of their blocks. Of two with one name the later counts. */
function topLevelFunctions({ items }: CheckedProgram): FunDecl[] {
  const byName = new Map<string, FunDecl>()
  for (const item of items) if (item.kind === 'fun') byName.set(item.name.text, item)
  return [...byName.values()]
}

/** Name to whether it is constant everywhere. */
function topLevelVariables({ items }: CheckedProgram): Map<string, boolean> {
  const constants = new Map<string, boolean>()
  for (const item of items) {
    if (item.kind !== 'let') continue
    for (const name of letNames(item.target)) {
      constants.set(name, item.constant && (constants.get(name) ?? true))
    }
  }
  return constants
}

/** The names that a `let` declares, in order. */
export function letNames(target: LetTarget): string[] {
  if (target.kind === 'name') return [target.name.text]
  const names = target.names.map((name) => name.text)
  return target.kind === 'list' && target.rest !== null ? [...names, target.rest.text] : names
}

const structType = ({ name, mutable, fields }: StructDecl): StructType => ({
  kind: 'struct',
  name: name.text,
  mutable,
  fields: fields.map((field) =>
    field.initial === null
      ? { name: field.name.text }
      : { name: field.name.text, initial: defaultOf(field.initial) },
  ),
})

const sealedType = ({ name, variants }: SealedDecl): SealedType => ({
  kind: 'sealed',
  name: name.text,
  variants: variants.map((variant) => ({
    name: variant.name.text,
    fields: variant.fields.map((field) => field.text),
  })),
})

/** A default, which the checks have found to be a literal. */
export function defaultOf(initial: Expr): Literal {
  const value = literalOf(initial)
  if (value === undefined) throw new Error(`a default is a ${initial.kind}, though the checks passed`)
  return value
}
