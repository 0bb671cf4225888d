/** Reading, writing and declaring names: slots, cells, captured cells and globals. */
import type { Block, Expr, Name } from '../syntax/ast.ts'
import type { FunctionEmitter } from './emitter.ts'
import { paramsOf } from './params.ts'
import type { Variable } from './variable.ts'

type NameExpr = Expr & { readonly kind: 'name' }

export type Meaning =
  | { readonly is: 'variable'; readonly variable: Variable }
  | { readonly is: 'global'; readonly index: number }
  | { readonly is: 'native'; readonly name: string }

/** What a name means where it stands: a variable shadows a global, a global shadows a native. */
export function meaningOf({ unit, module }: FunctionEmitter, expr: NameExpr): Meaning {
  const variable = unit.names.used.get(expr)
  if (variable !== undefined) return { is: 'variable', variable }
  const index = module.global(expr.name)
  if (index !== null) return { is: 'global', index }
  if (module.isNative(expr.name)) return { is: 'native', name: expr.name }
  throw new Error(`the name ${expr.name} is unknown, though the checks passed`)
}

/** Pushes the name's value. */
export function emitRead(emitter: FunctionEmitter, expr: NameExpr): void {
  const { code, frame, module } = emitter
  const meaning = meaningOf(emitter, expr)
  if (meaning.is === 'global') code.emit('GET_GLOBAL', meaning.index)
  else if (meaning.is === 'native') code.emit('NATIVE', module.native(meaning.name))
  else {
    const place = frame.placeOf(meaning.variable)
    if (place.in === 'upvalue') code.emit('GET_UPVALUE', place.index)
    else code.emit(meaning.variable.captured ? 'GET_CELL' : 'GET_LOCAL', place.index)
  }
}

/** Pops into the name. */
export function emitWrite(emitter: FunctionEmitter, expr: NameExpr): void {
  const { code, frame } = emitter
  const meaning = meaningOf(emitter, expr)
  if (meaning.is === 'global') code.emit('SET_GLOBAL', meaning.index)
  else if (meaning.is === 'variable') {
    const place = frame.placeOf(meaning.variable)
    if (place.in === 'upvalue') code.emit('SET_UPVALUE', place.index)
    else code.emit(meaning.variable.captured ? 'SET_CELL' : 'SET_LOCAL', place.index)
  } else throw new Error(`the native ${expr.name} is assigned to, though the checks passed`)
}

/** Pops into the variable that a name declares; at the top level this is a global. */
export function emitDeclare({ unit, code, frame, module }: FunctionEmitter, name: Name): void {
  if (!code.reachable) return
  const variable = unit.names.declared.get(name)
  if (variable === undefined) {
    const global = module.global(name.text)
    if (global === null) throw new Error(`the global ${name.text} has no slot`)
    code.emit('SET_GLOBAL', global)
    return
  }
  // A cell made before (early, or by the same name in the same scope) is written; otherwise each pass makes a fresh one.
  const known = frame.holds(variable)
  const slot = frame.slotOf(variable)
  code.emit(!variable.captured ? 'SET_LOCAL' : known ? 'SET_CELL' : 'NEW_CELL', slot)
}

/** Makes an empty cell for a variable that a function captures before it is declared. */
export function emitEmptyCell({ code, frame }: FunctionEmitter, variable: Variable): void {
  if (frame.holds(variable)) return
  code.emit('NIL')
  code.emit('NEW_CELL', frame.slotOf(variable))
}

/** What comes before a block's first statement: early cells, then the functions declared in it. */
export function emitBlockEntry(emitter: FunctionEmitter, block: Block): void {
  const entry = emitter.unit.names.entries.get(block)
  if (entry === undefined || !emitter.code.reachable) return
  for (const variable of entry.early) emitEmptyCell(emitter, variable)
  for (const { name, params, body, span } of entry.functions) {
    emitter.at(span)
    const source = { name: name.text, ...paramsOf(params), body, implicitResult: false, span }
    emitter.code.emit('CLOSURE', emitter.innerFunction(source))
    emitDeclare(emitter, name)
  }
}
