import { Fault } from '../ports/fault.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import { MEMORY_FILE, withFacts } from './memory-file.ts'

/** Reading, changing and writing a small file takes milliseconds; a holder that is gone on another machine this long. */
const LEASE_MS = 10_000
/** Outlasts one holder that is gone. */
const WAIT_MS = 15_000

/**
 * Adds facts to the MEMORY.md that all sessions of an agent share, one session at a time, so that none writes over
 * what another just added. Throws `path_refused` and `storage_*`.
 */
export async function addFacts(
  world: Pick<World, 'fileLeases'>,
  workspace: Workspace,
  { session, facts, time }: { session: string; facts: readonly string[]; time: string },
): Promise<void> {
  const path = `${workspace.root}/${MEMORY_FILE}`
  const lease = await world.fileLeases.acquire(path, { ttlMs: LEASE_MS, waitMs: WAIT_MS })
  if (lease === null) {
    const problem = `other sessions kept changing it for ${WAIT_MS / 1000} seconds`
    throw new Fault('storage_unavailable', { path, problem }, { retryAfterMs: WAIT_MS })
  }
  try {
    const file = (await workspace.read(MEMORY_FILE)) ?? ''
    await workspace.write(MEMORY_FILE, withFacts(file, session, facts, time))
  } finally {
    await lease.release()
  }
}
