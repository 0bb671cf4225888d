import { unknownImplTarget, unknownTrait } from '../../diagnostics/names.ts'
import { BUILTIN_SEALED, BUILTIN_TRAITS } from '../builtins.ts'
import type { Context } from '../rule.ts'
import { nameSet, unknownOnes } from './references.ts'

/** Traits, and what they are implemented for, wherever either is declared. */
export function reportUnknownImpls({ declarations, report }: Context): void {
  const { impls, agents, structs, sealed, traits } = declarations
  const targets = nameSet([...agents, ...structs, ...sealed, ...BUILTIN_SEALED])
  const known = new Set([...nameSet(traits), ...BUILTIN_TRAITS.keys()])
  const implemented = impls.flatMap(({ trait }) => (trait === null ? [] : [trait]))
  const named = [...implemented, ...traits.flatMap((trait) => trait.supers)]
  for (const name of unknownOnes(
    impls.map((impl) => impl.target),
    targets,
  )) {
    report(unknownImplTarget(name, targets))
  }
  for (const name of unknownOnes(named, known)) report(unknownTrait(name, known))
}
