/** List and map literals. What stands before the first spread is built at once, the rest is appended in place. */
import type { Expr } from '../syntax/ast.ts'
import type { FunctionEmitter } from './emitter.ts'

type Of<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>

export function emitList(emitter: FunctionEmitter, { items, span }: Of<'list'>): void {
  const { code } = emitter
  const spread = items.findIndex((item) => item.kind === 'spread')
  const head = spread < 0 ? items.length : spread
  items.forEach((item, index) => {
    if (index === head) code.emit('LIST', head)
    if (item.kind !== 'spread') {
      emitter.expression(item)
      if (index > head) code.emit('LIST_PUSH')
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
  const spread = entries.findIndex((entry) => entry.kind === 'spread')
  const head = spread < 0 ? entries.length : spread
  entries.forEach((entry, index) => {
    if (index === head) code.emit('MAP', head)
    if (entry.kind === 'entry') {
      emitter.expression(entry.key)
      emitter.expression(entry.value)
      if (index > head) {
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
