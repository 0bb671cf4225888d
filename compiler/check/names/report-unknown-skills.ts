import { unknownSkill } from '../../diagnostics/names.ts'
import type { Name } from '../../syntax/ast.ts'
import { BUILTIN_SKILLS } from '../builtins.ts'
import type { Context } from '../rule.ts'
import { POLICY } from '../schema/others.ts'
import { ruleOf } from '../schema/schema.ts'
import { agentReferences, nameSet, unknownOnes } from './references.ts'

/** Skills of agents and in the lists of policies, where a mistyped name would be a hole. Patterns name no one skill. */
export function reportUnknownSkills({ declarations, report }: Context): void {
  const known = new Set([...nameSet(declarations.skills), ...BUILTIN_SKILLS.keys()])
  const inPolicies = declarations.policies.flatMap(({ fields }) =>
    fields.flatMap(({ name, value }): readonly Name[] =>
      value.kind === 'names' && namesSkills(name) ? value.items : [],
    ),
  )
  const names = [
    ...agentReferences(declarations, 'skills'),
    ...inPolicies.filter(({ text }) => !/[*?]/.test(text)),
  ]
  for (const name of unknownOnes(names, known)) report(unknownSkill(name, known))
}

/** A list of a policy may also hold hosts. */
const namesSkills = ({ text }: Name): boolean => ruleOf(POLICY, text)?.accepts.kind === 'names'
