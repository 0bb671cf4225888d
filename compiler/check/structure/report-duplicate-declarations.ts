import { duplicateDeclaration } from '../../diagnostics/structure.ts'
import type { Name } from '../../syntax/ast.ts'
import { BUILTIN_SEALED } from '../builtins.ts'
import { targetNames } from '../code/globals.ts'
import type { Context } from '../rule.ts'

/**
 * What code can name shares one space of names; guards, chains, channels, budgets and policies have one each.
 * Variables may be declared again, but not with the name of something else.
 */
export function reportDuplicateDeclarations({ declarations, place, report }: Context): void {
  const { functions, structs, sealed, traits, agents, skills, variables } = declarations
  const space = (
    groups: readonly (readonly [noun: string, declared: readonly { readonly name: Name }[]])[],
  ) => {
    const taken = new Map<string, Name>()
    const all = groups.flatMap(([noun, declared]) => declared.map(({ name }) => ({ noun, name })))
    for (const { noun, name } of all.sort((a, b) => inOrder(a.name, b.name))) {
      const first = taken.get(name.text)
      if (first) report(duplicateDeclaration(name, noun, place(first.span)))
      else taken.set(name.text, name)
    }
    return taken
  }
  const taken = space([
    ['function', functions],
    ['struct', structs],
    ['sealed type', sealed],
    ['trait', traits],
    ['agent', agents],
    ['skill', skills],
  ])
  for (const name of variables.flatMap(({ target }) => targetNames(target))) {
    const first = taken.get(name.text)
    if (first) report(duplicateDeclaration(name, 'variable', place(first.span)))
  }
  for (const { name } of [...functions, ...structs, ...traits, ...agents, ...skills]) {
    if (BUILTIN_SEALED.some((type) => type.name.text === name.text)) {
      report(duplicateDeclaration(name, 'declaration', 'the language itself, as a sealed type'))
    }
  }
  space([['guard', declarations.guards]])
  space([['guard chain', declarations.guardchains]])
  space([['channel', declarations.channels]])
  space([['budget', declarations.budgets]])
  space([['policy', declarations.policies]])
}

const inOrder = (a: Name, b: Name) => a.span.file - b.span.file || a.span.start - b.span.start
