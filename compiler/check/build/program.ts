import type { Declarations } from '../declarations.ts'
import { sealedTypes } from '../flow/variants.ts'
import type { CheckedProgram, CheckedSkill } from '../program.ts'
import { agentOf, verifyOf } from './agents.ts'
import { channelOf } from './channels.ts'
import { implOf, traitsOf } from './impls.ts'
import { budgetOf, policyOf } from './limits.ts'
import { builtinSkillOf, guardOf, skillOf } from './skills.ts'

export interface ProgramParts {
  /** File names by index, the program first. */
  readonly files: readonly string[]
  readonly sourceHash: string
  /** Built-in skills that the code names. */
  readonly builtinSkills: ReadonlySet<string>
}

/** The checked program of declarations in which no rule found an error. */
export function programOf(
  declarations: Declarations,
  { files, sourceHash, builtinSkills }: ProgramParts,
): CheckedProgram {
  const agents = declarations.agents.map((node) => agentOf(node, traitsOf(node.name.text, declarations)))
  const verify = declarations.agents.flatMap((node) => {
    const callback = node.agent === 'forge' ? verifyOf(node) : null
    return callback === null ? [] : [[node.name.text, callback] as const]
  })
  return {
    files,
    sourceHash,
    items: declarations.items,
    structs: declarations.structs,
    sealed: sealedTypes(declarations),
    impls: declarations.impls.map((impl) => implOf(impl, declarations)),
    agents,
    verifyOf: new Map(verify),
    skills: skillsOf(declarations, builtinSkills),
    guards: declarations.guards.map(guardOf),
    guardchains: declarations.guardchains.map(({ name, guards }) => ({
      name: name.text,
      guards: guards.map((guard) => guard.text),
    })),
    channels: declarations.channels.map(channelOf),
    budgets: declarations.budgets.map(budgetOf),
    policies: declarations.policies.map(policyOf),
  }
}

/** The declared skills, then the built-in ones that agents or code name. */
function skillsOf(declarations: Declarations, namedInCode: ReadonlySet<string>): CheckedSkill[] {
  const declared = declarations.skills.map(skillOf).filter((skill) => skill !== null)
  const own = new Set(declared.map((skill) => skill.name))
  const named = new Set<string>()
  for (const { fields } of declarations.agents) {
    for (const { name, value } of fields) {
      if (name.text === 'skills' && value.kind === 'names')
        for (const { text } of value.items) named.add(text)
    }
  }
  for (const name of namedInCode) named.add(name)
  const builtin = [...named].filter((name) => !own.has(name)).map(builtinSkillOf)
  return [...declared, ...builtin.filter((skill) => skill !== null)]
}
