import type { LetTarget, Name } from '../../syntax/ast.ts'
import { BUILTIN_SEALED, BUILTIN_SKILLS } from '../builtins.ts'
import type { Declarations } from '../declarations.ts'
import { CONSTANT, Scope, VARIABLE } from './scope.ts'

/** All names that a binding target introduces. */
export function targetNames(target: LetTarget): readonly Name[] {
  if (target.kind === 'name') return [target.name]
  return target.kind === 'list' && target.rest ? [...target.names, target.rest] : target.names
}

/**
 * What every place of a program sees, wherever it is declared. What the program declares hides what is built in.
 * A variable is constant only if each of its declarations says so.
 */
export function globalScope(declarations: Declarations, natives: ReadonlySet<string>): Scope {
  const builtin = new Scope(null)
  for (const name of BUILTIN_SKILLS.keys()) builtin.declare(name, { kind: 'skill', decl: null })
  for (const name of natives) builtin.declare(name, { kind: 'native' })
  for (const decl of BUILTIN_SEALED) builtin.declare(decl.name.text, { kind: 'sealed', decl })

  const scope = new Scope(builtin)
  const { variables, functions, structs, sealed, traits, agents, skills } = declarations
  for (const { target, constant } of variables.toSorted((a, b) => Number(b.constant) - Number(a.constant))) {
    for (const { text } of targetNames(target)) scope.declare(text, constant ? CONSTANT : VARIABLE)
  }
  for (const decl of functions) scope.declare(decl.name.text, { kind: 'function', decl })
  for (const decl of structs) scope.declare(decl.name.text, { kind: 'struct', decl })
  for (const decl of sealed) scope.declare(decl.name.text, { kind: 'sealed', decl })
  for (const decl of traits) scope.declare(decl.name.text, { kind: 'trait' })
  for (const decl of agents) scope.declare(decl.name.text, { kind: 'agent', decl })
  for (const decl of skills) scope.declare(decl.name.text, { kind: 'skill', decl })
  return scope
}
