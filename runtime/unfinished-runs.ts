/** What a local server takes up again. */
import { keepDriven } from '../agents/forge/claim.ts'
import { leftRuns, unfinishedRuns as runsOf } from '../agents/forge/resume.ts'
import type { RunState } from '../agents/forge/run-state.ts'
import { tellOwed } from '../agents/forge/tell.ts'
import type { World } from '../agents/world.ts'
import { type LogRecord, loggable } from './log.ts'

export { keepDriven }

export const unfinishedRuns = (world: World): Promise<readonly RunState[]> => runsOf(world, 'asl')

/** How often to look: a run is taken up before anybody who asks for its status ends it as abandoned. */
const LOOK_EVERY_MS = 5000

export interface TakingUp {
  /** The world of the program that is served at the time. */
  readonly world: () => World
  readonly resume: (runs: readonly RunState[]) => Promise<void>
  readonly log: (record: LogRecord) => void
}

/**
 * Takes up runs whose process died, or was told to stop, while this one shares its tree: a worker, or another pod. Each at most
 * once: what fails here again may then be ended as abandoned. Looks until `over` aborts. Never throws.
 */
export async function takeUpLeftRuns({ world, resume, log }: TakingUp, over: AbortSignal): Promise<void> {
  const taken = new Set<string>()
  let failure: string | null = null
  for (;;) {
    await world()
      .timers.sleep(LOOK_EVERY_MS, over)
      .catch(() => {})
    if (over.aborted) return
    try {
      const runs = (await leftRuns(world(), 'asl')).filter(({ run }) => !taken.has(run))
      for (const { agent, run } of runs) {
        taken.add(run)
        log({ level: 'info', message: 'forge run taken up', agent, run })
      }
      await resume(runs)
      failure = null
    } catch (error) {
      // Once, and not at every look.
      if (failure !== String(error))
        log({ level: 'error', message: 'looking for forge runs failed', ...loggable(error) })
      failure = String(error)
    }
  }
}

/** Tells of ended runs what an earlier process could not tell any more. Never throws. */
export const owedNotices = (world: World): Promise<void> => tellOwed(world)
