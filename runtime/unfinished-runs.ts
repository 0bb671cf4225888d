/** What a restarted local server takes up again. */
import { unfinishedRuns as runsOf } from '../agents/forge/resume.ts'
import type { RunState } from '../agents/forge/run-state.ts'
import { tellOwed } from '../agents/forge/tell.ts'
import type { World } from '../agents/world.ts'

export const unfinishedRuns = (world: World): Promise<readonly RunState[]> => runsOf(world, 'asl')

/** Tells of ended runs what an earlier process could not tell any more. Never throws. */
export const owedNotices = (world: World): Promise<void> => tellOwed(world)
