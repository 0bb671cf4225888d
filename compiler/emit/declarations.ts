/** Functions that stand alone: they see globals and their own locals, wherever they are written. */
import type { GuardDecl, ParamDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { ImplTable, Literal } from '../../bytecode/module.ts'
import type { CheckedGuard, CheckedImpl, CheckedProgram, CheckedSkill } from '../check/program.ts'
import type { Position } from '../source/source-file.ts'
import type { Block, Name, Span } from '../syntax/ast.ts'
import { emitCode, emitFunction, type FunctionSource } from './emitter.ts'
import type { ReservedFunction } from './globals.ts'
import type { ModuleBuilder } from './module-builder.ts'
import { paramsOf } from './params.ts'
import { resolveFunction, resolveTopLevel } from './resolve.ts'

export interface Context {
  readonly module: ModuleBuilder
  readonly locate: (span: Span) => Position
}

const write = (context: Context, source: FunctionSource) =>
  emitFunction({ ...context, names: resolveFunction(source.params, source.body) }, source)

/** Writes a function and gives its index. */
const add = (context: Context, source: FunctionSource): number =>
  context.module.addFunction(write(context, source))

export function emitFunctions(context: Context, functions: readonly ReservedFunction[]): void {
  for (const { index, source } of functions) {
    const { name, params, body, span } = source
    const proto = write(context, { name: name.text, ...paramsOf(params), body, implicitResult: false, span })
    context.module.defineFunction(index, proto)
  }
}

export const emitImpls = (context: Context, impls: readonly CheckedImpl[]): ImplTable[] =>
  impls.map(({ target, traits, methods }) => ({
    target,
    traits,
    methods: Object.fromEntries(
      methods.map((method) => {
        const { name, params, body, span } = method
        const title = `${target}.${name.text}`
        return [
          name.text,
          add(context, { name: title, ...paramsOf(params), body, implicitResult: false, span }),
        ]
      }),
    ),
  }))

export const emitSkills = (context: Context, skills: readonly CheckedSkill[]): SkillDecl[] =>
  skills.map(({ impl, ...skill }) => {
    if (impl.kind === 'native') return { ...skill, impl: emitNativeSkill(context, skill, impl.native) }
    const { params, body } = impl
    const defaults = skillDefaults(skill.params, params)
    const source = { name: skill.name, params, defaults, body, implicitResult: false, span: body.span }
    return { ...skill, impl: add(context, source) }
  })

/** Of the last parameters of an impl: what a call from code that leaves them out gives them. */
function skillDefaults(params: readonly ParamDecl[], impl: readonly Name[]): Literal[] {
  const given = new Map(params.map((param) => [param.name, param.default]))
  const required = impl.findLastIndex((param) => given.get(param.text) === undefined) + 1
  return impl.slice(required).map((param) => given.get(param.text) ?? null)
}

/** A built-in skill: a function that hands its parameters on to the native. */
function emitNativeSkill(
  { module, locate }: Context,
  { name, params }: Pick<CheckedSkill, 'name' | 'params'>,
  native: string,
): number {
  const unit = { module, locate, names: resolveTopLevel([]) }
  const source = { name, params: params.map((param) => param.name), file: 0 }
  const proto = emitCode(unit, source, ({ code }) => {
    params.forEach((_, slot) => {
      code.emit('GET_LOCAL', slot)
    })
    code.emit('CALL_NATIVE', module.native(native), params.length)
  })
  return module.addFunction(proto)
}

export function emitGuards(context: Context, guards: readonly CheckedGuard[]): GuardDecl[] {
  const written = new Map<Block, number>()
  return guards.map(({ name, description, handlers }) => ({
    name,
    description,
    handlers: handlers.map(({ phase, event, params, body }) => {
      // One handler may serve several phases.
      let index = written.get(body)
      if (index === undefined) {
        const title = `${name}.${event}`
        index = add(context, {
          name: title,
          params,
          defaults: [],
          body,
          implicitResult: false,
          span: body.span,
        })
        written.set(body, index)
      }
      return { phase, event, function: index }
    }),
  }))
}

/** Of each forge agent, the index of its verify function. */
export function emitVerify(
  context: Context,
  verifyOf: CheckedProgram['verifyOf'],
): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>()
  for (const [agent, verify] of verifyOf) {
    if (verify.kind === 'name') {
      indexes.set(agent, functionNamed(context.module, verify.name))
      continue
    }
    const { params, body, span } = verify
    const source = { name: `${agent}.verify`, ...paramsOf(params), body, implicitResult: true, span }
    indexes.set(agent, add(context, source))
  }
  return indexes
}

function functionNamed(module: ModuleBuilder, name: string): number {
  const global = module.globals[module.global(name) ?? -1]
  if (global?.is !== 'function') throw new Error(`verify names ${name}, which is no function`)
  return global.function
}
