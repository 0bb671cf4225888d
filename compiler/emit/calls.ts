/** Calls of every kind, and the making of structs and variants, which look like calls. */
import type { SealedType } from '../../bytecode/module.ts'
import type { Expr, NamedArg } from '../syntax/ast.ts'
import type { FunctionEmitter } from './emitter.ts'
import { meaningOf } from './variables.ts'

type Of<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>

export function emitCall(emitter: FunctionEmitter, { callee, args, span }: Of<'call'>): void {
  const { code, module } = emitter
  if (callee.kind === 'member') {
    emitMethodCall(emitter, callee, args)
    return
  }
  const meaning = callee.kind === 'name' ? meaningOf(emitter, callee) : null
  if (meaning === null || meaning.is === 'variable') {
    emitter.expression(callee)
    emitAll(emitter, args)
    emitter.at(span)
    code.emit('CALL', args.length)
    return
  }
  emitAll(emitter, args)
  emitter.at(span)
  if (!code.reachable) return
  if (meaning.is === 'global') code.emit('CALL_GLOBAL', meaning.index, args.length)
  else code.emit('CALL_NATIVE', module.native(meaning.name), args.length)
}

function emitMethodCall(emitter: FunctionEmitter, callee: Of<'member'>, args: readonly Expr[]): void {
  const { code, module } = emitter
  const variant = variantOf(emitter, callee)
  // A wrong number of values is left to the machine, which says what is wrong.
  if (variant !== null && variant.fields.length === args.length) {
    emitAll(emitter, args)
    emitter.at(callee.name.span)
    code.emit('VARIANT', variant.type, variant.tag, args.length)
    return
  }
  emitter.expression(callee.base)
  emitAll(emitter, args)
  emitter.at(callee.name.span)
  code.emit('CALL_METHOD', module.constant(callee.name.text), args.length)
}

/** `base.name`: a unit variant of a sealed type, or a property of a value. */
export function emitMember(emitter: FunctionEmitter, expr: Of<'member'>): void {
  const { code, module } = emitter
  const variant = variantOf(emitter, expr)
  if (variant !== null && variant.fields.length === 0) {
    code.emit('VARIANT', variant.type, variant.tag, 0)
    return
  }
  emitter.expression(expr.base)
  emitter.at(expr.name.span)
  code.emit('GET_PROPERTY', module.constant(expr.name.text))
}

interface StaticVariant {
  readonly type: number
  readonly tag: number
  readonly fields: readonly string[]
}

/** The variant that `Type.Name` means, when Type is a sealed type and not a variable of that name. */
function variantOf(emitter: FunctionEmitter, { base, name }: Of<'member'>): StaticVariant | null {
  if (base.kind !== 'name' || meaningOf(emitter, base).is !== 'global') return null
  const named = emitter.module.typeNamed(base.name)
  if (named?.type.kind !== 'sealed') return null
  const { variants }: SealedType = named.type
  const tag = variants.findIndex((variant) => variant.name === name.text)
  return tag < 0 ? null : { type: named.index, tag, fields: variants[tag]!.fields }
}

export function emitConstruct(emitter: FunctionEmitter, { callee, args, span }: Of<'construct'>): void {
  const { code, module } = emitter
  if (callee.kind === 'member') {
    emitNamedVariant(emitter, callee, args)
    return
  }
  const named =
    callee.kind === 'name' && meaningOf(emitter, callee).is === 'global'
      ? module.typeNamed(callee.name)
      : null
  if (named?.type.kind !== 'struct')
    throw new Error('named arguments are given to what is no struct, though the checks passed')
  emitAll(
    emitter,
    args.map((arg) => arg.value),
  )
  emitter.at(span)
  code.emit('CONSTRUCT', named.index, fieldList(emitter, args))
}

/** `Type.Variant(a: 1)`: the values are computed as they are written and taken in the order of the fields. */
function emitNamedVariant(emitter: FunctionEmitter, callee: Of<'member'>, args: readonly NamedArg[]): void {
  const { code, frame } = emitter
  const variant = variantOf(emitter, callee)
  if (variant === null)
    throw new Error('named arguments are given to what is no variant, though the checks passed')
  const slots = new Map<string, number>()
  for (const { name, value } of args) {
    const slot = frame.temporary()
    emitter.expression(value)
    code.emit('SET_LOCAL', slot)
    slots.set(name.text, slot)
  }
  for (const field of variant.fields) {
    const slot = slots.get(field)
    if (slot === undefined) code.emit('NIL')
    else code.emit('GET_LOCAL', slot)
  }
  emitter.at(callee.name.span)
  code.emit('VARIANT', variant.type, variant.tag, variant.fields.length)
}

/** `base with (a: 1)`. */
export function emitWith(emitter: FunctionEmitter, { base, args, span }: Of<'with'>): void {
  emitter.expression(base)
  emitAll(
    emitter,
    args.map((arg) => arg.value),
  )
  emitter.at(span)
  emitter.code.emit('COPY_WITH', fieldList(emitter, args))
}

/** `spawn name(task)`: the name is an agent's, never a variable's. */
export function emitSpawn(emitter: FunctionEmitter, { agent, args, span }: Of<'spawn'>): void {
  const { code, module } = emitter
  emitAll(emitter, args)
  if (args.length !== 1) throw new Error('spawn takes one task, though the checks passed')
  emitter.at(span)
  code.emit('SPAWN', module.constant(agent.text))
}

function emitAll(emitter: FunctionEmitter, exprs: readonly Expr[]): void {
  for (const expr of exprs) emitter.expression(expr)
}

const fieldList = ({ module }: FunctionEmitter, args: readonly NamedArg[]): number =>
  module.constant(args.map((arg) => arg.name.text).join(','))
