/**
 * Writes one function. The files beside this one say what each statement and expression becomes; they come back here for
 * what is inside it.
 *
 * Two rules hold everywhere: an expression leaves exactly one value more on the stack, a statement leaves the stack as it
 * found it.
 */
import type { FunctionProto, Literal } from '../../bytecode/module.ts'
import type { Position } from '../source/source-file.ts'
import type { Block, Expr, Name, Span, Statement } from '../syntax/ast.ts'
import { isStatement } from '../syntax/statement-kinds.ts'
import { CodeBuilder, type Label, type LoopStart } from './code-builder.ts'
import { emitExpression } from './expressions.ts'
import { Frame } from './frame.ts'
import type { ModuleBuilder } from './module-builder.ts'
import type { Resolution } from './resolve.ts'
import { emitStatement } from './statements.ts'
import { emitBlockEntry } from './variables.ts'

/** What a function is written from. */
export interface FunctionSource {
  /** As traces print it. */
  readonly name: string
  readonly params: readonly Name[]
  /** Of the last parameters. */
  readonly defaults: readonly Literal[]
  readonly body: Block | Expr
  /** Whether the last expression statement of a block body is the result (lambdas only). */
  readonly implicitResult: boolean
  readonly span: Span
}

/** What the functions of one resolution have in common. */
export interface Unit {
  readonly module: ModuleBuilder
  readonly names: Resolution
  readonly locate: (span: Span) => Position
}

/** Where `break` and `continue` go, and how many handlers stand inside the loop. */
export interface Loop {
  readonly start: LoopStart
  readonly end: Label
  /** Stack height behind the loop. */
  readonly height: number
  readonly tries: number
}

export class FunctionEmitter {
  readonly unit: Unit
  readonly module: ModuleBuilder
  readonly code: CodeBuilder
  readonly frame: Frame
  /** Innermost last. */
  readonly loops: Loop[] = []
  /** Handlers that an error would find here. */
  tries = 0

  constructor(unit: Unit, parent: FunctionEmitter | null) {
    this.unit = unit
    this.module = unit.module
    this.code = new CodeBuilder(unit.module.text)
    this.frame = new Frame(parent?.frame ?? null)
  }

  at(span: Span): void {
    this.code.at(this.unit.locate(span))
  }

  expression(expr: Expr): void {
    if (this.code.reachable) emitExpression(this, expr)
  }

  statement(statement: Statement): void {
    if (!this.code.reachable) return
    this.at(statement.span)
    emitStatement(this, statement)
  }

  block(block: Block): void {
    emitBlockEntry(this, block)
    for (const item of block.items) if (isStatement(item)) this.statement(item)
  }

  /** A block that has a value: that of its last statement where this is an expression, else nil. */
  blockValue(block: Block): void {
    const last = block.items.at(-1)
    if (last?.kind !== 'expression') {
      this.block(block)
      this.code.emit('NIL')
      return
    }
    emitBlockEntry(this, block)
    for (const item of block.items.slice(0, -1)) if (isStatement(item)) this.statement(item)
    if (!this.code.reachable) return
    this.at(last.span)
    emitExpression(this, last.expr, { unmatched: 'nil' })
  }

  constant(value: string | number): void {
    if (this.code.reachable) this.code.emit('CONST', this.module.constant(value))
  }

  /** A function inside this one: its index, ready for CLOSURE. */
  innerFunction(source: FunctionSource): number {
    return this.module.addFunction(emitFunction(this.unit, source, this))
  }

  /** Leaves the function with the value on the stack. */
  return(): void {
    this.leaveTries(0)
    this.code.emit('RETURN')
  }

  /** Takes down the handlers above a number of them, on a path that leaves. */
  leaveTries(remaining: number): void {
    for (let left = this.tries; left > remaining; left--) this.code.emit('END_TRY')
  }
}

export function emitFunction(
  unit: Unit,
  source: FunctionSource,
  parent: FunctionEmitter | null = null,
): FunctionProto {
  const emitter = new FunctionEmitter(unit, parent)
  const { frame, code } = emitter
  const cellParams: number[] = []
  for (const param of source.params) {
    const variable = unit.names.declared.get(param)
    // A name that stands twice is the first parameter's.
    if (variable === undefined || frame.holds(variable)) frame.temporary()
    else if (variable.captured) cellParams.push(frame.slotOf(variable))
    else frame.slotOf(variable)
  }
  emitter.at(source.span)
  const { body } = source
  if (body.kind !== 'block') emitter.expression(body)
  else if (source.implicitResult) emitter.blockValue(body)
  else {
    emitter.block(body)
    code.emit('NIL')
  }
  emitter.return()
  const params = source.params.map((param) => param.text)
  const proto = finish(emitter, source.name, params, cellParams, source.span.file)
  return source.defaults.length > 0 ? { ...proto, defaults: source.defaults } : proto
}

/** Code that no source function holds: the top level, an initialiser, a built-in skill. `write` leaves the result. */
export function emitCode(
  unit: Unit,
  {
    name,
    params = [],
    file,
  }: { readonly name: string; readonly params?: readonly string[]; readonly file: number },
  write: (emitter: FunctionEmitter) => void,
): FunctionProto {
  const emitter = new FunctionEmitter(unit, null)
  for (const _ of params) emitter.frame.temporary()
  write(emitter)
  emitter.return()
  return finish(emitter, name, params, [], file)
}

const finish = (
  { frame, code }: FunctionEmitter,
  name: string,
  params: readonly string[],
  cellParams: readonly number[],
  file: number,
): FunctionProto => ({
  name,
  params,
  cellParams,
  locals: frame.locals,
  captures: frame.captures,
  ...code.done(),
  file,
})
