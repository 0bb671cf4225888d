/** What keeps the work of forge runs; loaded when a run first needs it. */
import type { Checkpoint, CheckpointLimits } from '../../agents/ports/checkpoints.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { GitCheckpoint } from './checkpoint-git.ts'
import { SnapshotCheckpoint } from './checkpoint-snapshot.ts'
import { bundleOf } from './git-bundle.ts'
import { type Git, spawnGit } from './git-command.ts'
import { storageFault } from './storage-fault.ts'
import { NotAFolder } from './workspace-folder.ts'

export interface StrategyOptions {
  readonly clock: Clock
  /** PATH to find git on. */
  readonly path: string
  readonly git?: Git
  /** Folder of what a run must remember, outside of the workspace. */
  readonly state: string
  readonly limits: CheckpointLimits
}

/** Whatever its calls throw is a Fault. */
export function openCheckpoint(
  strategy: 'git' | 'snapshot',
  workspace: string,
  { clock, path, git = spawnGit, state, limits }: StrategyOptions,
): Checkpoint {
  const checkpoint =
    strategy === 'git'
      ? new GitCheckpoint(workspace, { git, clock, path, state, limits })
      : new SnapshotCheckpoint(workspace, { state, limits })
  return withFaults(checkpoint, workspace)
}

/** A git bundle of the workspace's branch; null without a commit. */
export const bundleWorkspace = (
  workspace: string,
  { path, git = spawnGit, state }: StrategyOptions,
): Promise<Uint8Array | null> => guarded(workspace, bundleOf(workspace, { git, path, state }))

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
  adopt: (ownFiles) => guarded(workspace, checkpoint.adopt(ownFiles)),
  prepare: (run, ownFiles) => guarded(workspace, checkpoint.prepare(run, ownFiles)),
  look: (ownFiles) => guarded(workspace, checkpoint.look(ownFiles)),
  mark: (run, iteration) => guarded(workspace, checkpoint.mark(run, iteration)),
  restore: (run, iteration) => guarded(workspace, checkpoint.restore(run, iteration)),
  hasChanged: (run, iteration) => guarded(workspace, checkpoint.hasChanged(run, iteration)),
  keep: (request) => guarded(workspace, checkpoint.keep(request)),
})
