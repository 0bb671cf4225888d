import { standingDecision } from '../limits/confirmation.ts'
import type { Confirmation } from '../ports/confirmations.ts'
import type { World } from '../world.ts'

/** What waits for a person, oldest first. What nobody decided in time is denied by looking. */
export async function pendingConfirmations(world: World): Promise<readonly Confirmation[]> {
  const found: Confirmation[] = []
  for (const confirmation of await world.confirmations.pending()) {
    if ((await standingDecision(world, confirmation)) === null) found.push(confirmation)
  }
  return found
}
