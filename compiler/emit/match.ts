/**
 * `match`. The subject stays on the stack while arms are tried, each test peeking at it; the arm that fits drops it, so
 * that its body starts with the stack as it was before the match.
 */
import type { Arm, MatchExpr, Pattern, Span } from '../syntax/ast.ts'
import { isStatement } from '../syntax/statement-kinds.ts'
import { Label } from './code-builder.ts'
import type { FunctionEmitter } from './emitter.ts'
import { emitDeclare } from './variables.ts'

/** `none`: no value is wanted. `nil` and `error`: a value is, and that is what no fitting arm means. */
export type MatchResult = 'none' | 'nil' | 'error'

export function emitMatch(
  emitter: FunctionEmitter,
  { subject, arms, span }: MatchExpr,
  result: MatchResult,
): void {
  const { code } = emitter
  const end = new Label()
  emitter.expression(subject)
  let open = true
  for (const arm of arms) {
    const next = new Label()
    emitArm(emitter, arm, next, result)
    // Nothing goes past an arm that always fits.
    open = next.height !== null
    if (!open) break
    code.jump('JUMP', end)
    code.bind(next)
  }
  if (open) emitUnmatched(emitter, span, result)
  code.bind(end)
}

function emitUnmatched(emitter: FunctionEmitter, span: Span, result: MatchResult): void {
  emitter.at(span)
  emitter.code.emit(result === 'error' ? 'NO_MATCH' : 'POP')
  if (result === 'nil') emitter.code.emit('NIL')
}

function emitArm(emitter: FunctionEmitter, { pattern, guard, body }: Arm, next: Label, result: MatchResult) {
  const { code } = emitter
  emitPattern(emitter, pattern, next)
  if (guard !== null) {
    emitter.expression(guard)
    code.jump('JUMP_IF_FALSE', next)
  }
  code.emit('POP')
  if (result === 'none') emitForEffect(emitter, body)
  else emitForValue(emitter, body)
}

function emitPattern(emitter: FunctionEmitter, pattern: Pattern, next: Label): void {
  const { code, module } = emitter
  if (!code.reachable || pattern.kind === 'wildcard') return
  emitter.at(pattern.span)
  if (pattern.kind === 'value') {
    code.emit('DUP')
    emitter.expression(pattern.value)
    code.emit('EQ')
    code.jump('JUMP_IF_FALSE', next)
    return
  }
  const { type, name, bindings } = pattern
  const variant = type === null ? name.text : `${type.text}.${name.text}`
  const payload = bindings === null ? 0 : bindings.length + 1
  code.jump('MATCH_VARIANT', next, module.constant(variant), payload)
  bindings?.forEach((binding, field) => {
    if (binding === null) return
    code.emit('VARIANT_FIELD', field)
    emitDeclare(emitter, binding)
  })
}

function emitForEffect(emitter: FunctionEmitter, body: Arm['body']): void {
  if (isStatement(body)) {
    emitter.statement(body)
    return
  }
  const { span } = body
  emitter.statement({ kind: 'expression', expr: body, span })
}

/** A block is worth its last expression, any other statement nil. */
function emitForValue(emitter: FunctionEmitter, body: Arm['body']): void {
  if (!isStatement(body)) {
    emitter.expression(body)
    return
  }
  if (body.kind === 'block') {
    emitter.blockValue(body)
    return
  }
  emitter.statement(body)
  emitter.code.emit('NIL')
}
