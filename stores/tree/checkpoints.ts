import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Checkpoint, Checkpoints } from '../../agents/ports/checkpoints.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { GitCheckpoint } from './checkpoint-git.ts'
import { SnapshotCheckpoint } from './checkpoint-snapshot.ts'
import { bundleOf } from './git-bundle.ts'
import { type Git, spawnGit } from './git-command.ts'
import { storageFault } from './storage-fault.ts'
import { NotAFolder } from './workspace-folder.ts'

export interface CheckpointsOptions {
  /** NEAM_STATE_DIR; each workspace gets a private folder below it. */
  readonly stateDir: string
  readonly clock: Clock
  /** PATH to find git on. */
  readonly path: string
  readonly git?: Git
}

/** `checkpoint: "none"`: an iteration that crashed repeats on the files as they are (design 3.8). */
const NONE: Checkpoint = {
  prepare: async () => ({ uncommitted: [] }),
  mark: async () => {},
  restore: async () => {},
  hasChanged: async () => null,
  keep: async () => null,
}

/** The three strategies of chapter 25.7 on a local or mounted file system. */
export function treeCheckpoints({ stateDir, clock, path, git = spawnGit }: CheckpointsOptions): Checkpoints {
  const stateOf = (workspace: string, agent: string): string => {
    const id = createHash('sha256').update(workspace).digest('hex').slice(0, 16)
    return resolve(stateDir, 'checkpoints', `${agent}-${id}`)
  }
  return {
    bundle: (workspace) =>
      guarded(workspace, bundleOf(workspace, { git, path, state: resolve(stateDir, 'checkpoints') })),
    open(strategy, workspace, agent) {
      const state = stateOf(workspace, agent)
      if (strategy === 'none') return NONE
      const checkpoint =
        strategy === 'git'
          ? new GitCheckpoint(workspace, { git, clock, path, state })
          : new SnapshotCheckpoint(workspace, { state })
      return withFaults(checkpoint, workspace)
    },
  }
}

/** Whatever the file system refuses becomes a Fault. */
async function guarded<T>(workspace: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof NotAFolder) throw new Fault('checkpoint_failed', { problem: error.message })
    throw storageFault(error, workspace)
  }
}

const withFaults = (checkpoint: Checkpoint, workspace: string): Checkpoint => ({
  prepare: (run, ownFiles) => guarded(workspace, checkpoint.prepare(run, ownFiles)),
  mark: (run, iteration) => guarded(workspace, checkpoint.mark(run, iteration)),
  restore: (run, iteration) => guarded(workspace, checkpoint.restore(run, iteration)),
  hasChanged: (run, iteration) => guarded(workspace, checkpoint.hasChanged(run, iteration)),
  keep: (request) => guarded(workspace, checkpoint.keep(request)),
})
