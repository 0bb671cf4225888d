/** `[e for x in xs if c]` and `{k: e for x in xs}`: a loop that fills a collection, which a slot of its own holds. */
import type { Expr } from '../syntax/ast.ts'
import { Label } from './code-builder.ts'
import type { FunctionEmitter } from './emitter.ts'
import { emitDeclare } from './variables.ts'

type Comprehension = Extract<Expr, { readonly kind: 'comprehension' }>

export function emitComprehension(emitter: FunctionEmitter, expr: Comprehension): void {
  const { code } = emitter
  const { makes, item, clause, span } = expr
  const { names, iterable, test } = clause
  const made = emitter.frame.temporary()
  emitter.at(span)
  code.emit(makes === 'list' ? 'LIST' : 'MAP', 0)
  code.emit('SET_LOCAL', made)
  emitter.expression(iterable)
  emitter.at(iterable.span)
  code.emit('ITER')
  const start = code.loopStart()
  const next = new Label()
  const end = new Label()
  emitter.at(span)
  code.jump(names.length === 2 ? 'ITER_NEXT_PAIR' : 'ITER_NEXT', end)
  for (const name of names) emitDeclare(emitter, name)
  if (test !== null) {
    emitter.expression(test)
    code.jump('JUMP_IF_FALSE', next)
  }
  code.emit('GET_LOCAL', made)
  emitItem(emitter, makes, item)
  code.emit('POP')
  code.bind(next)
  emitter.at(span)
  code.loop(start)
  code.bind(end)
  code.emit('GET_LOCAL', made)
}

/** Adds to the collection on the stack. */
function emitItem(
  emitter: FunctionEmitter,
  makes: Comprehension['makes'],
  item: Comprehension['item'],
): void {
  const { code } = emitter
  if (item.kind === 'entry') {
    emitter.expression(item.key)
    emitter.expression(item.value)
    emitter.at(item.key.span)
    code.emit('MAP_SET')
  } else if (item.kind === 'spread') {
    emitter.expression(item.value)
    emitter.at(item.span)
    code.emit(makes === 'list' ? 'LIST_SPREAD' : 'MAP_SPREAD')
  } else {
    emitter.expression(item)
    emitter.at(item.span)
    code.emit('LIST_PUSH')
  }
}
