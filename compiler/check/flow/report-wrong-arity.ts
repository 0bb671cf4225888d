import { wrongArity } from '../../diagnostics/flow.ts'
import type { Expr, Name, Param, SkillParam, Span } from '../../syntax/ast.ts'
import { BUILTIN_SKILLS } from '../builtins.ts'
import type { Scope } from '../code/scope.ts'
import type { Visitor } from '../code/walk.ts'
import type { Context } from '../rule.ts'
import { variantOf } from './variants.ts'

interface Arity {
  readonly name: string
  readonly min: number
  readonly max: number
}

/** Calls of what is known: functions, skills, structs, variants. Values are checked when they are called. */
export function reportWrongArity({ report }: Context): Visitor {
  const check = (span: Span, arity: Arity | null, found: number) => {
    if (arity && (found < arity.min || found > arity.max)) {
      report(wrongArity(span, arity.name, arity.min, arity.max, found))
    }
  }
  return {
    call: ({ callee, args }, { scope }) => check(callee.span, arityOf(callee, scope), args.length),
    spawn: ({ agent, args }) => check(agent.span, exactly(`spawn ${agent.text}`, 1), args.length),
  }
}

function arityOf(callee: Expr, scope: Scope): Arity | null {
  if (callee.kind === 'member') {
    const variant = variantOf(callee, scope)
    return variant && exactly(`${variant.type.name.text}.${variant.name}`, variant.fields.length)
  }
  if (callee.kind !== 'name') return null
  const binding = scope.find(callee.name)
  switch (binding?.kind) {
    case 'function':
      return withDefaults(callee.name, binding.decl.params)
    case 'struct':
      return exactly(callee.name, binding.decl.fields.length)
    case 'skill': {
      if (binding.decl?.impl) return ofSkill(callee.name, binding.decl.params, binding.decl.impl.params)
      const builtin = BUILTIN_SKILLS.get(callee.name)
      return builtin ? exactly(callee.name, builtin.params.length) : null
    }
    default:
      return null
  }
}

const exactly = (name: string, count: number): Arity => ({ name, min: count, max: count })

/** A skill called as a function: by the parameters of its impl, with the defaults of its params. */
function ofSkill(name: string, params: readonly SkillParam[], impl: readonly Name[]): Arity {
  const optional = new Set(params.filter(({ initial }) => initial !== null).map((param) => param.name.text))
  return { name, min: impl.findLastIndex((param) => !optional.has(param.text)) + 1, max: impl.length }
}

function withDefaults(name: string, params: readonly Param[]): Arity {
  const min = params.findLastIndex((param) => param.initial === null) + 1
  return { name, min, max: params.length }
}
