/** List and map literals. What stands before the first spread, within limits, is built at once, the rest is appended in place. */
import type { Expr } from '../syntax/ast.ts'
import type { FunctionEmitter } from './emitter.ts'

/** What is built at once: it stands on the stack, which is not made for a table of values. */
const MAX_HEAD = 1000

type Of<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>

export function emitList(emitter: FunctionEmitter, { items, span }: Of<'list'>): void {
  const { code } = emitter
  const head = headOf(items)
  items.forEach((item, index) => {
    if (index === head) code.emit('LIST', head)
    if (item.kind !== 'spread') {
      emitter.expression(item)
      if (index >= head) code.emit('LIST_PUSH')
      return
    }
    emitter.expression(item.value)
    emitter.at(item.span)
    code.emit('LIST_SPREAD')
  })
  emitter.at(span)
  if (head === items.length) code.emit('LIST', head)
}

export function emitMap(emitter: FunctionEmitter, { entries, span }: Of<'map'>): void {
  const { code } = emitter
  const head = headOf(entries)
  entries.forEach((entry, index) => {
    if (index === head) code.emit('MAP', head)
    if (entry.kind === 'entry') {
      emitter.expression(entry.key)
      emitter.expression(entry.value)
      if (index >= head) {
        emitter.at(entry.key.span)
        code.emit('MAP_SET')
      }
      return
    }
    emitter.expression(entry.value)
    emitter.at(entry.span)
    code.emit('MAP_SPREAD')
  })
  emitter.at(span)
  if (head === entries.length) code.emit('MAP', head)
}

/** How many are built at once. */
function headOf(parts: readonly { readonly kind: string }[]): number {
  const spread = parts.findIndex(({ kind }) => kind === 'spread')
  return Math.min(spread < 0 ? parts.length : spread, MAX_HEAD)
}
