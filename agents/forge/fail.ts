import { Fault } from '../ports/fault.ts'
import type { RunOutcome, RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { closeRun } from './abandon.ts'
import { tellOwed } from './tell.ts'

/**
 * The driver has given an iteration up: ends the run as an error. Verified work is kept; an outcome written before
 * stands. Throws `run_not_found`.
 */
export async function failRun(world: World, ref: RunRef, message: string): Promise<RunOutcome> {
  const ended = await world.runs.outcome(ref)
  if (ended) {
    await tellOwed(world, ref)
    return ended
  }
  if ((await world.runs.config(ref)) === null) throw new Fault('run_not_found', { run: ref.run })
  return await closeRun(world, ref, { outcome: 'error', message })
}
