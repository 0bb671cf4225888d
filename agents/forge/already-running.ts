import { Fault } from '../ports/fault.ts'
import type { RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'

/** The refusal of what has to wait for the end of a live run. How that is looked at and stopped depends on its driver. */
export async function alreadyRunning(world: World, { agent, run }: RunRef): Promise<Fault> {
  const driver = (await world.runs.config({ agent, run }))?.driver ?? null
  return new Fault('already_running', { agent, run, driver })
}
