import type { FunDecl, ImplDecl, TraitDecl } from '../../syntax/ast.ts'
import type { Declarations } from '../declarations.ts'
import type { CheckedImpl } from '../program.ts'

/** A trait's own supertraits and theirs, itself first; built-in traits have none. */
export function withSupers(trait: string, traits: readonly TraitDecl[]): string[] {
  const found: string[] = []
  const open = [trait]
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (found.includes(name)) continue
    found.push(name)
    const decl = traits.find((candidate) => candidate.name.text === name)
    open.push(...(decl?.supers.map((parent) => parent.text) ?? []))
  }
  return found
}

/** An impl with the default methods of its traits, where nothing implements them for the target. */
export function implOf(impl: ImplDecl, declarations: Declarations): CheckedImpl {
  const traits = impl.trait === null ? [] : withSupers(impl.trait.text, declarations.traits)
  const own = new Set(methodsFor(impl.target.text, declarations).map((method) => method.name.text))
  const defaults = new Map<string, FunDecl>()
  for (const { methods } of declarations.traits.filter((trait) => traits.includes(trait.name.text))) {
    for (const { name, params, body, span } of methods) {
      if (body === null || own.has(name.text) || defaults.has(name.text)) continue
      defaults.set(name.text, { kind: 'fun', name, params, body, span })
    }
  }
  return {
    target: impl.target.text,
    traits,
    methods: [...impl.methods, ...defaults.values()],
  }
}

/** All methods that the program writes for a target. */
export function methodsFor(target: string, { impls }: Declarations): FunDecl[] {
  return impls.filter((impl) => impl.target.text === target).flatMap((impl) => impl.methods)
}

/** The traits implemented for a target, each once. */
export function traitsOf(target: string, { impls }: Declarations): string[] {
  const traits = impls.filter((impl) => impl.target.text === target).map((impl) => impl.trait?.text)
  return [...new Set(traits.filter((trait) => trait !== undefined))]
}
