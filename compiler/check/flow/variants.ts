import type { Expr, SealedDecl } from '../../syntax/ast.ts'
import { BUILTIN_SEALED } from '../builtins.ts'
import type { Scope } from '../code/scope.ts'
import type { Declarations } from '../declarations.ts'

export interface Variant {
  readonly type: SealedDecl
  readonly name: string
  readonly fields: readonly string[]
}

/** All sealed types of a program: its own, and the built-in ones that it does not repeat. */
export function sealedTypes({ sealed }: Declarations): SealedDecl[] {
  const own = new Set(sealed.map((type) => type.name.text))
  return [...sealed, ...BUILTIN_SEALED.filter((type) => !own.has(type.name.text))]
}

export function variantsOf(type: SealedDecl): Variant[] {
  return type.variants.map(({ name, fields }) => ({
    type,
    name: name.text,
    fields: fields.map((field) => field.text),
  }))
}

/** The variant that `T.V` names, or null where T is no sealed type or has no V. */
export function variantOf({ base, name }: Expr & { kind: 'member' }, scope: Scope): Variant | null {
  const binding = base.kind === 'name' ? scope.find(base.name) : null
  if (binding?.kind !== 'sealed') return null
  return variantsOf(binding.decl).find((variant) => variant.name === name.text) ?? null
}
