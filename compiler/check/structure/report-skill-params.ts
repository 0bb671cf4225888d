import { unknownImplParameter, unknownParamType } from '../../diagnostics/structure.ts'
import { PARAM_TYPES } from '../builtins.ts'
import type { Context } from '../rule.ts'

/** A skill's impl is filled by name from what the model sends, so its parameters must be among the params. */
export function reportSkillParams({ declarations, report }: Context): void {
  for (const { name, params, impl } of declarations.skills) {
    const declared = params.map((param) => param.name.text)
    for (const { type } of params) {
      if (!PARAM_TYPES.has(type.text)) report(unknownParamType(type, [...PARAM_TYPES.keys()]))
    }
    for (const param of impl?.params ?? []) {
      if (!declared.includes(param.text)) report(unknownImplParameter(param, name.text, declared))
    }
  }
}
