import { Fault, faultText } from '../ports/fault.ts'
import type { World } from '../world.ts'

/** Work that a run's end does not depend on: when it fails, a warning says so. */
export async function orWarn(world: World, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    world.output.warn(`${what}: ${error instanceof Fault ? faultText(error) : 'internal error'}`)
  }
}
