import { choices } from '../../../bytecode/choices.ts'
import { notAccepted, unknownImplParameter, unknownParamType } from '../../diagnostics/structure.ts'
import type { SkillParam } from '../../syntax/ast.ts'
import { literalOf } from '../../syntax/literal.ts'
import { PARAM_TYPES } from '../builtins.ts'
import type { Context } from '../rule.ts'

/** A skill's impl is filled by name from what the model sends, so its parameters must be among the params. */
export function reportSkillParams({ declarations, report }: Context): void {
  for (const { name, params, impl } of declarations.skills) {
    const declared = params.map((param) => param.name.text)
    for (const param of params) {
      const { type, initial } = param
      if (!PARAM_TYPES.has(type.text)) report(unknownParamType(type, [...PARAM_TYPES.keys()]))
      const problem = misfit(param)
      if (initial && problem)
        report(notAccepted(initial.span, param.name.text, problem.found, problem.wanted))
    }
    for (const param of impl?.params ?? []) {
      if (!declared.includes(param.text)) report(unknownImplParameter(param, name.text, declared))
    }
  }
}

const WANTED = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'nil: a list is no literal',
  object: 'nil: a map is no literal',
} as const

/** What is wrong with a default: the model may not send that value either. Nil fits every type. */
function misfit({ type, enum: accepted, initial }: SkillParam): { found: string; wanted: string } | null {
  const value = initial === null ? undefined : literalOf(initial)
  const word = PARAM_TYPES.get(type.text)
  if (value === undefined || value === null || !word) return null
  const found = JSON.stringify(value)
  const fits = word === 'integer' ? Number.isInteger(value) : typeof value === word
  if (!fits) return { found, wanted: WANTED[word] }
  if (accepted === null || accepted.some((one) => one === value)) return null
  return { found, wanted: choices(accepted) }
}
