import type { AgentDecl, ParamDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { ToolSpec } from '../ports/model.ts'
import type { World } from '../world.ts'

/** The skills an agent may use, by name. */
export function skillsOf(world: World, agent: AgentDecl): ReadonlyMap<string, SkillDecl> {
  const names = new Set(agent.skills)
  const skills = world.program.module.manifest.skills.filter(({ name }) => names.has(name))
  return new Map(skills.map((skill) => [skill.name, skill]))
}

/** A skill as the model sees it: every parameter named, none besides them, those without a default required. */
export const toolSpec = (skill: SkillDecl): ToolSpec => ({
  name: skill.name,
  description: skill.description,
  parameters: {
    type: 'object',
    properties: Object.fromEntries(skill.params.map((param) => [param.name, paramSchema(param)])),
    required: skill.params.filter((param) => param.default === undefined).map(({ name }) => name),
    additionalProperties: false,
  },
})

const paramSchema = ({
  type,
  enum: values,
  description,
  default: otherwise,
}: ParamDecl): Readonly<Record<string, unknown>> => ({
  ...(type === null ? {} : { type }),
  ...(values === undefined ? {} : { enum: values }),
  ...(description === undefined ? {} : { description }),
  ...(otherwise === undefined || otherwise === null ? {} : { default: otherwise }),
})
