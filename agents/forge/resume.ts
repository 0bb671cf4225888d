import { agentsOf } from '../find-agent.ts'
import type { RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { isLeft } from './claim.ts'
import type { RunState } from './run-state.ts'

/** Runs that `driver` left unfinished, each with the iteration to do next: what a restarted server takes up again. */
export async function unfinishedRuns(world: World, driver: 'asl'): Promise<readonly RunState[]> {
  const runs: RunState[] = []
  for (const { name } of agentsOf(world, 'forge')) {
    const head = await world.runs.head(name)
    if (head === null || (await world.runs.outcome(head))) continue
    const ref: RunRef = { agent: head.agent, run: head.run }
    const config = await world.runs.config(ref)
    if (config?.driver !== driver) continue
    const done = await world.runs.iterations(ref)
    runs.push({ ...ref, epoch: config.epoch, iteration: done.length + 1 })
  }
  return runs
}

/** Those of them whose process is gone: what a server takes up that shares the tree with it. */
export async function leftRuns(world: World, driver: 'asl'): Promise<readonly RunState[]> {
  const runs: RunState[] = []
  for (const run of await unfinishedRuns(world, driver)) if (await isLeft(world, run)) runs.push(run)
  return runs
}
