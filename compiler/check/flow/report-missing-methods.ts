import { missingTraitMethod } from '../../diagnostics/flow.ts'
import { methodsFor, withSupers } from '../build/impls.ts'
import type { Context } from '../rule.ts'

/** Methods that a trait of the program requires. The built-in traits require none: the chapters implement parts. */
export function reportMissingMethods({ declarations, report }: Context): void {
  for (const { trait, target } of declarations.impls) {
    if (trait === null) continue
    const traits = withSupers(trait.text, declarations.traits)
    const written = new Set(methodsFor(target.text, declarations).map((method) => method.name.text))
    const methods = declarations.traits
      .filter((decl) => traits.includes(decl.name.text))
      .flatMap((decl) => decl.methods)
    const defaults = new Set(methods.filter(({ body }) => body !== null).map(({ name }) => name.text))
    const missing = methods
      .map(({ name }) => name.text)
      .filter((name) => !defaults.has(name) && !written.has(name))
    if (missing.length > 0)
      report(missingTraitMethod(trait.span, target.text, trait.text, [...new Set(missing)]))
  }
}
