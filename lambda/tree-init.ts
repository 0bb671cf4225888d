/** Runs once a deployment, with NEAM_TREE=create: makes the tree that all other functions require. */
import { systemOfProcess } from './process.ts'

const system = systemOfProcess()

export async function handler(): Promise<{ readonly tree: 'ready' }> {
  const { world } = await system()
  // Making the system made the tree; one read proves that it can be used.
  await world.killSwitch.disabled()
  return { tree: 'ready' }
}
