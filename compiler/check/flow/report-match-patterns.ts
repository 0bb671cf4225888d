import { missingArms, unknownVariant, unreachableArm, wrongBindings } from '../../diagnostics/flow.ts'
import { unknownName } from '../../diagnostics/names.ts'
import type { Arm, MatchExpr, Pattern, SealedDecl } from '../../syntax/ast.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'
import { sealedTypes, type Variant, variantsOf } from './variants.ts'

type VariantPattern = Pattern & { kind: 'variant' }

/** Patterns must name variants that exist, with as many names as they have fields; a match should miss none. */
export function reportMatchPatterns({ declarations, natives, report }: Context): Visitor {
  const types = sealedTypes(declarations)
  const all = types.flatMap(variantsOf)

  const candidates = (pattern: VariantPattern): readonly Variant[] =>
    all.filter(
      ({ type, name }) =>
        name === pattern.name.text && (pattern.type === null || type.name.text === pattern.type.text),
    )

  const checkPattern = (pattern: VariantPattern) => {
    const { type, name, bindings, span } = pattern
    const known = type === null ? null : types.find((candidate) => candidate.name.text === type.text)
    if (type !== null && !known) {
      report(
        unknownName(
          type,
          types.map((candidate) => candidate.name.text),
        ),
      )
      return
    }
    const found = candidates(pattern)
    // Variants of the VM's own types, such as Some(x), are known by the functions that make them.
    if (found.length === 0 && type === null && natives.has(name.text)) return
    if (found.length === 0) {
      const names = (known ? variantsOf(known) : all).map((variant) => variant.name)
      report(unknownVariant(name, known?.name.text ?? null, names))
    } else if (bindings !== null && !found.some(({ fields }) => fields.length === bindings.length)) {
      report(wrongBindings(span, name.text, found[0]!.fields, bindings.length))
    }
  }

  /** What an arm takes away from those behind it: the variants that it fits. */
  const takenBy = (pattern: VariantPattern): readonly string[] => {
    const found = candidates(pattern)
    return found.length === 0
      ? [pattern.name.text]
      : found.map(({ type, name }) => `${type.name.text}.${name}`)
  }

  const checkMatch = ({ arms, span }: MatchExpr) => {
    const patterns = arms.map((arm) => arm.pattern).filter((pattern) => pattern.kind === 'variant')
    for (const pattern of patterns) checkPattern(pattern)
    reportUnreachable(arms, report, takenBy)
    const type = commonType(patterns, types)
    if (type === null || arms.some(takesAll)) return
    const taken = new Set(arms.filter((arm) => arm.guard === null).map((arm) => variantName(arm.pattern)))
    const missed = variantsOf(type).filter(({ name }) => !taken.has(name))
    if (missed.length > 0) {
      const names = missed.map(({ name }) => name)
      report(missingArms({ ...span, end: span.start + 'match'.length }, type.name.text, names))
    }
  }

  return { match: checkMatch }
}

const takesAll = ({ pattern, guard }: Arm): boolean => pattern.kind === 'wildcard' && guard === null

const variantName = (pattern: Pattern): string | null =>
  pattern.kind === 'variant' ? pattern.name.text : null

/** The one sealed type that has all the variants, if there is exactly one. */
function commonType(patterns: readonly VariantPattern[], types: readonly SealedDecl[]): SealedDecl | null {
  if (patterns.length === 0) return null
  const fitting = types.filter((type) =>
    patterns.every(
      (pattern) =>
        (pattern.type === null || pattern.type.text === type.name.text) &&
        type.variants.some((variant) => variant.name.text === pattern.name.text),
    ),
  )
  return fitting.length === 1 ? fitting[0]! : null
}

/** An arm after `_`, or for variants that earlier arms take without a condition. */
function reportUnreachable(
  arms: readonly Arm[],
  report: Context['report'],
  takenBy: (pattern: VariantPattern) => readonly string[],
): void {
  const taken = new Set<string>()
  let all = false
  for (const arm of arms) {
    const { pattern, guard } = arm
    const takes = pattern.kind === 'variant' ? takenBy(pattern) : []
    if (all || (takes.length > 0 && takes.every((variant) => taken.has(variant))))
      report(unreachableArm(pattern.span))
    if (takesAll(arm)) all = true
    if (guard === null) for (const variant of takes) taken.add(variant)
  }
}
