import type { Expr, Name, NamedArg, Span } from '../ast.ts'

export type Part = { readonly end: number } & (
  | { readonly kind: 'call'; readonly args: readonly Expr[] }
  | { readonly kind: 'construct' | 'with'; readonly args: readonly NamedArg[] }
  | { readonly kind: 'index'; readonly index: Expr }
  | { readonly kind: 'member'; readonly name: Name }
  | {
      readonly kind: 'slice'
      readonly start: Expr | null
      readonly step: Expr | null
      readonly stop: Expr | null
    }
  | { readonly kind: 'try-value' }
)

/** Applies `(..)`, `.name`, `[..]`, `?` and `with (..)` to what stands before them, from the left. */
export function extend(base: Expr, parts: readonly Part[]): Expr {
  return parts.reduce<Expr>(applied, base)
}

function applied(value: Expr, part: Part): Expr {
  const span = { ...value.span, end: part.end }
  switch (part.kind) {
    case 'call':
      return { kind: 'call', callee: value, args: part.args, span }
    case 'construct':
      return { kind: 'construct', callee: value, args: part.args, span }
    case 'with':
      return { kind: 'with', base: value, args: part.args, span }
    case 'index':
      return { kind: 'index', base: value, index: part.index, span }
    case 'member':
      return { kind: 'member', base: value, name: part.name, span }
    case 'slice':
      return { kind: 'slice', base: value, start: part.start, end: part.stop, step: part.step, span }
    case 'try-value':
      return { kind: 'try-value', operand: value, span }
  }
}

export type PipeStep =
  | { readonly kind: 'method'; readonly name: Name; readonly args: readonly Expr[] }
  | { readonly kind: 'target'; readonly target: Expr }

/** The call that a pipe stands for. `span` covers the pipe up to and including this step. */
export function pipe(value: Expr, step: PipeStep, span: Span): Expr {
  if (step.kind === 'method') {
    const callee: Expr = {
      kind: 'member',
      base: value,
      name: step.name,
      span: { ...span, end: step.name.span.end },
    }
    return { kind: 'call', callee, args: step.args, span }
  }
  const { target } = step
  return target.kind === 'call'
    ? { kind: 'call', callee: target.callee, args: [value, ...target.args], span }
    : { kind: 'call', callee: target, args: [value], span }
}
