import type { World } from '../../agents/world.ts'
import type { ClawDecl } from '../../bytecode/manifest.ts'

/** The program's claw agents, in its order. */
export const clawDecls = (world: World): readonly ClawDecl[] =>
  world.program.module.manifest.agents.filter((agent) => agent.kind === 'claw')
