/** What each statement becomes. */
import type { Expr, ForStatement, LetStatement, Statement } from '../syntax/ast.ts'
import { Label } from './code-builder.ts'
import type { FunctionEmitter, Loop } from './emitter.ts'
import { emitAssign } from './expressions.ts'
import { emitMatch } from './match.ts'
import { emitDeclare, emitEmptyCell } from './variables.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>

export function emitStatement(emitter: FunctionEmitter, statement: Statement): void {
  const { code } = emitter
  switch (statement.kind) {
    case 'block':
      emitter.block(statement)
      return
    case 'let':
      emitLet(emitter, statement)
      return
    case 'expression':
      emitForEffect(emitter, statement.expr)
      return
    case 'emit':
      emitter.expression(statement.value)
      code.emit('EMIT')
      return
    case 'throw':
      emitter.expression(statement.value)
      emitter.at(statement.span)
      code.emit('THROW')
      return
    case 'return':
      if (statement.value === null) code.emit('NIL')
      else emitter.expression(statement.value)
      emitter.return()
      return
    case 'if':
      emitIf(emitter, statement)
      return
    case 'while':
      emitWhile(emitter, statement)
      return
    case 'for':
      emitFor(emitter, statement)
      return
    case 'break':
      emitBreak(emitter)
      return
    case 'continue':
      emitContinue(emitter)
      return
    case 'try':
      emitTry(emitter, statement)
      return
    default:
      statement satisfies never
  }
}

/** An expression whose value nobody wants. */
function emitForEffect(emitter: FunctionEmitter, expr: Expr): void {
  if (expr.kind === 'match') {
    emitMatch(emitter, expr, 'none')
    return
  }
  if (expr.kind === 'assign') {
    emitAssign(emitter, expr, 'drop')
    return
  }
  emitter.expression(expr)
  emitter.code.emit('POP')
}

function emitLet(emitter: FunctionEmitter, statement: LetStatement): void {
  const { code, unit, module } = emitter
  const { target, value, span } = statement
  if (target.kind === 'name' && unit.names.recursive.has(statement)) {
    const variable = unit.names.declared.get(target.name)
    if (variable !== undefined) emitEmptyCell(emitter, variable)
  }
  emitter.expression(value)
  emitter.at(span)
  switch (target.kind) {
    case 'name':
      emitDeclare(emitter, target.name)
      return
    case 'list':
      code.emit(target.rest === null ? 'UNPACK' : 'UNPACK_REST', target.names.length)
      for (const name of target.names) emitDeclare(emitter, name)
      if (target.rest !== null) emitDeclare(emitter, target.rest)
      return
    case 'map':
      for (const name of target.names) {
        code.emit('DUP')
        code.emit('GET_PROPERTY', module.constant(name.text))
        emitDeclare(emitter, name)
      }
      code.emit('POP')
      return
    default:
      target satisfies never
  }
}

function emitIf(emitter: FunctionEmitter, { test, then, otherwise }: Of<'if'>): void {
  const { code } = emitter
  const skip = new Label()
  emitter.expression(test)
  code.jump('JUMP_IF_FALSE', skip)
  emitter.statement(then)
  if (otherwise === null) {
    code.bind(skip)
    return
  }
  const end = new Label()
  code.jump('JUMP', end)
  code.bind(skip)
  emitter.statement(otherwise)
  code.bind(end)
}

function emitWhile(emitter: FunctionEmitter, { test, body, span }: Of<'while'>): void {
  const { code } = emitter
  const height = code.height
  const start = code.loopStart()
  const end = new Label()
  emitter.expression(test)
  code.jump('JUMP_IF_FALSE', end)
  inLoop(emitter, { start, end, height, tries: emitter.tries }, () => emitter.statement(body))
  emitter.at(span)
  code.loop(start)
  code.bind(end)
}

function emitFor(emitter: FunctionEmitter, { names, iterable, body, span }: ForStatement): void {
  const { code } = emitter
  const height = code.height
  emitter.expression(iterable)
  emitter.at(iterable.span)
  code.emit('ITER')
  const start = code.loopStart()
  const end = new Label()
  emitter.at(span)
  code.jump(names.length === 2 ? 'ITER_NEXT_PAIR' : 'ITER_NEXT', end)
  for (const name of names) emitDeclare(emitter, name)
  inLoop(emitter, { start, end, height, tries: emitter.tries }, () => emitter.block(body))
  emitter.at(span)
  code.loop(start)
  code.bind(end)
}

function inLoop(emitter: FunctionEmitter, loop: Loop, body: () => void): void {
  emitter.loops.push(loop)
  body()
  emitter.loops.pop()
}

function innermostLoop({ loops }: FunctionEmitter): Loop {
  const loop = loops.at(-1)
  if (loop === undefined)
    throw new Error('a break or continue stands outside loops, though the checks passed')
  return loop
}

function emitBreak(emitter: FunctionEmitter): void {
  const { end, height, tries } = innermostLoop(emitter)
  emitter.leaveTries(tries)
  // The iterator and whatever waits on the stack for the rest of an expression.
  emitter.code.drop(emitter.code.height - height)
  emitter.code.jump('JUMP', end)
}

function emitContinue(emitter: FunctionEmitter): void {
  const { start, tries } = innermostLoop(emitter)
  emitter.leaveTries(tries)
  emitter.code.loop(start)
}

function emitTry(emitter: FunctionEmitter, { body, error, handler }: Of<'try'>): void {
  const { code } = emitter
  const caught = new Label()
  const end = new Label()
  code.jump('TRY', caught)
  emitter.tries++
  emitter.block(body)
  code.emit('END_TRY')
  emitter.tries--
  code.jump('JUMP', end)
  code.bind(caught)
  if (error === null) code.emit('POP')
  else emitDeclare(emitter, error)
  emitter.block(handler)
  code.bind(end)
}
