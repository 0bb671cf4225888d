import type { Expr, ForClause, MapEntry, Span, Spread } from '../ast.ts'

/** What stands in the brackets of a literal: items, or one and the clause it is repeated for. */
interface Items<Item> {
  readonly head: Item
  readonly tail: readonly Item[]
  readonly clause: ForClause | null
}

/** `[...]`; null for nothing inside. */
export function list(items: Items<Expr | Spread> | null, span: Span): Expr {
  if (items === null) return { kind: 'list', items: [], span }
  const { head, tail, clause } = items
  return clause === null
    ? { kind: 'list', items: [head, ...tail], span }
    : { kind: 'comprehension', makes: 'list', item: head, clause, span }
}

/** `{...}`; null for nothing inside. */
export function map(entries: Items<MapEntry | Spread> | null, span: Span): Expr {
  if (entries === null) return { kind: 'map', entries: [], span }
  const { head, tail, clause } = entries
  return clause === null
    ? { kind: 'map', entries: [head, ...tail], span }
    : { kind: 'comprehension', makes: 'map', item: head, clause, span }
}
