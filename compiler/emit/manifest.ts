/** What the program declares, with the index of every function that the declarations refer to. */
import type { AgentDecl, GuardDecl, Manifest, SkillDecl } from '../../bytecode/manifest.ts'
import type { CheckedProgram } from '../check/program.ts'

interface Written {
  readonly skills: readonly SkillDecl[]
  readonly guards: readonly GuardDecl[]
  /** Verify function by forge agent. */
  readonly verify: ReadonlyMap<string, number>
}

export function manifestOf(program: CheckedProgram, { skills, guards, verify }: Written): Manifest {
  const [file] = program.files
  if (file === undefined) throw new Error('the program has no file')
  return {
    program: file,
    sourceHash: program.sourceHash,
    agents: program.agents.map((agent): AgentDecl => {
      if (agent.kind !== 'forge') return agent
      const index = verify.get(agent.name)
      if (index === undefined) throw new Error(`forge agent ${agent.name} has no verify function`)
      return { ...agent, verify: index }
    }),
    skills,
    guards,
    guardchains: program.guardchains,
    channels: program.channels,
    budgets: program.budgets,
    policies: program.policies,
    structs: program.structs.map((struct) => struct.name.text),
  }
}
