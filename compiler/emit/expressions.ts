/** What each expression becomes. */
import type { OpcodeName } from '../../bytecode/opcode.ts'
import type { BinaryOp, Expr } from '../syntax/ast.ts'
import { emitCall, emitConstruct, emitMember, emitSpawn, emitWith } from './calls.ts'
import { Label } from './code-builder.ts'
import { emitList, emitMap } from './collections.ts'
import { emitComprehension } from './comprehension.ts'
import type { FunctionEmitter } from './emitter.ts'
import { emitMatch } from './match.ts'
import { paramsOf } from './params.ts'
import { emitRead, emitWrite } from './variables.ts'

type Of<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>

const BINARY: Readonly<Record<Exclude<BinaryOp, 'not in'>, OpcodeName>> = {
  '+': 'ADD',
  '-': 'SUB',
  '*': 'MUL',
  '/': 'DIV',
  '%': 'MOD',
  '==': 'EQ',
  '!=': 'NE',
  '<': 'LT',
  '<=': 'LE',
  '>': 'GT',
  '>=': 'GE',
  in: 'IN',
}

/** `unmatched`: what a match without a fitting arm gives; an error unless it stood as a statement. */
export function emitExpression(
  emitter: FunctionEmitter,
  expr: Expr,
  { unmatched = 'error' }: { readonly unmatched?: 'error' | 'nil' } = {},
): void {
  const { code } = emitter
  switch (expr.kind) {
    case 'nil':
      code.emit('NIL')
      return
    case 'bool':
      code.emit(expr.value ? 'TRUE' : 'FALSE')
      return
    case 'number':
    case 'string':
      emitter.constant(expr.value)
      return
    case 'format':
      emitFormat(emitter, expr)
      return
    case 'name':
      emitRead(emitter, expr)
      return
    case 'list':
      emitList(emitter, expr)
      return
    case 'tuple':
      for (const item of expr.items) emitter.expression(item)
      code.emit('TUPLE', expr.items.length)
      return
    case 'map':
      emitMap(emitter, expr)
      return
    case 'comprehension':
      emitComprehension(emitter, expr)
      return
    case 'lambda':
      emitLambda(emitter, expr)
      return
    case 'unary':
      emitUnary(emitter, expr)
      return
    case 'binary':
      emitBinary(emitter, expr)
      return
    case 'logical':
      emitLogical(emitter, expr)
      return
    case 'assign':
      emitAssign(emitter, expr, 'keep')
      return
    case 'call':
      emitCall(emitter, expr)
      return
    case 'construct':
      emitConstruct(emitter, expr)
      return
    case 'with':
      emitWith(emitter, expr)
      return
    case 'member':
      emitMember(emitter, expr)
      return
    case 'index':
      emitter.expression(expr.base)
      emitter.expression(expr.index)
      emitter.at(expr.span)
      code.emit('GET_INDEX')
      return
    case 'slice':
      emitSlice(emitter, expr)
      return
    case 'try-value':
      emitTryValue(emitter, expr)
      return
    case 'spawn':
      emitSpawn(emitter, expr)
      return
    case 'match':
      emitMatch(emitter, expr, unmatched)
      return
    default:
      expr satisfies never
  }
}

function emitFormat(emitter: FunctionEmitter, { parts }: Of<'format'>): void {
  const [only] = parts
  if (parts.length <= 1 && typeof (only ?? '') === 'string') {
    emitter.constant((only as string) ?? '')
    return
  }
  for (const part of parts) {
    if (typeof part === 'string') emitter.constant(part)
    else emitter.expression(part)
  }
  emitter.code.emit('FORMAT', parts.length)
}

function emitLambda(emitter: FunctionEmitter, { params, body, span }: Of<'lambda'>): void {
  emitter.at(span)
  const source = { name: '<lambda>', ...paramsOf(params), body, implicitResult: true, span }
  emitter.code.emit('CLOSURE', emitter.innerFunction(source))
}

function emitUnary(emitter: FunctionEmitter, { op, operand, span }: Of<'unary'>): void {
  if (op === '-' && operand.kind === 'number') {
    emitter.constant(-operand.value)
    return
  }
  emitter.expression(operand)
  emitter.at(span)
  emitter.code.emit(op === '-' ? 'NEG' : 'NOT')
}

function emitBinary(emitter: FunctionEmitter, { op, left, right, opSpan }: Of<'binary'>): void {
  emitter.expression(left)
  emitter.expression(right)
  emitter.at(opSpan)
  if (op === 'not in') {
    emitter.code.emit('IN')
    emitter.code.emit('NOT')
  } else emitter.code.emit(BINARY[op])
}

function emitLogical(emitter: FunctionEmitter, { op, left, right }: Of<'logical'>): void {
  const end = new Label()
  emitter.expression(left)
  emitter.code.jump(op === 'and' ? 'AND' : 'OR', end)
  emitter.expression(right)
  emitter.code.bind(end)
}

function emitSlice(emitter: FunctionEmitter, { base, start, end, step, span }: Of<'slice'>): void {
  emitter.expression(base)
  for (const part of [start, end, step]) {
    if (part === null) emitter.code.emit('NIL')
    else emitter.expression(part)
  }
  emitter.at(span)
  emitter.code.emit('SLICE')
}

/** `e?`: the `value` of a result that is `ok`; any other result is what the function returns. */
function emitTryValue(emitter: FunctionEmitter, { operand, span }: Of<'try-value'>): void {
  const { code, module } = emitter
  const failed = new Label()
  const end = new Label()
  emitter.expression(operand)
  emitter.at(span)
  code.emit('DUP')
  code.emit('GET_PROPERTY', module.constant('ok'))
  code.jump('JUMP_IF_FALSE', failed)
  code.emit('GET_PROPERTY', module.constant('value'))
  code.jump('JUMP', end)
  code.bind(failed)
  emitter.return()
  code.bind(end)
}

/** `result`: whether the value assigned is wanted. */
export function emitAssign(
  emitter: FunctionEmitter,
  { target, value, span }: Of<'assign'>,
  result: 'keep' | 'drop',
): void {
  const { code, module } = emitter
  switch (target.kind) {
    case 'name':
      emitter.expression(value)
      if (!code.reachable) return
      if (result === 'keep') code.emit('DUP')
      emitWrite(emitter, target)
      return
    case 'member':
      emitter.expression(target.base)
      emitter.expression(value)
      emitter.at(target.name.span)
      code.emit('SET_PROPERTY', module.constant(target.name.text))
      break
    case 'index':
      emitter.expression(target.base)
      emitter.expression(target.index)
      emitter.expression(value)
      emitter.at(target.span)
      code.emit('SET_INDEX')
      break
    default:
      throw new Error(`a ${target.kind} is assigned to at ${span.start}, though the checks passed`)
  }
  if (result === 'drop') code.emit('POP')
}
