import { Fault } from '../ports/fault.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import { MEMORY_FILE } from './memory-file.ts'

/** Reading, changing and writing a small file takes milliseconds; a holder that is gone on another machine this long. */
const LEASE_MS = 10_000
/** Outlasts one holder that is gone. */
const WAIT_MS = 15_000

/**
 * Changes the MEMORY.md that all sessions of an agent share, one session at a time, so that none writes over what another just
 * wrote; "" is one that is not there. What stays as it was is not written. Throws `path_refused` and `storage_*`.
 */
export async function changeMemoryFile(
  world: Pick<World, 'fileLeases'>,
  workspace: Workspace,
  change: (file: string) => string,
): Promise<void> {
  const path = `${workspace.root}/${MEMORY_FILE}`
  const lease = await world.fileLeases.acquire(path, { ttlMs: LEASE_MS, waitMs: WAIT_MS })
  if (lease === null) {
    const problem = `other sessions kept changing it for ${WAIT_MS / 1000} seconds`
    throw new Fault('storage_unavailable', { path, problem }, { retryAfterMs: WAIT_MS })
  }
  try {
    const file = (await workspace.read(MEMORY_FILE)) ?? ''
    const changed = change(file)
    if (changed !== file) await workspace.write(MEMORY_FILE, changed)
  } finally {
    await lease.release()
  }
}
