/** What a restarted local server takes up again. */
import { unfinishedRuns as runsOf } from '../agents/forge/resume.ts'
import type { RunState } from '../agents/forge/run-state.ts'
import type { World } from '../agents/world.ts'

export const unfinishedRuns = (world: World): Promise<readonly RunState[]> => runsOf(world, 'asl')
