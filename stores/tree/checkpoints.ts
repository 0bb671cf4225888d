import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Checkpoint, Checkpoints } from '../../agents/ports/checkpoints.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { GitCheckpoint } from './checkpoint-git.ts'
import { SnapshotCheckpoint } from './checkpoint-snapshot.ts'
import { type Git, spawnGit } from './git-command.ts'

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
  prepare: async () => {},
  mark: async () => {},
  restore: async () => {},
  keep: async () => null,
}

/** The three strategies of chapter 25.7 on a local or mounted file system. */
export function treeCheckpoints({ stateDir, clock, path, git = spawnGit }: CheckpointsOptions): Checkpoints {
  const stateOf = (workspace: string, agent: string): string => {
    const id = createHash('sha256').update(workspace).digest('hex').slice(0, 16)
    return resolve(stateDir, 'checkpoints', `${agent}-${id}`)
  }
  return {
    open(strategy, workspace, agent) {
      const state = stateOf(workspace, agent)
      if (strategy === 'git') return new GitCheckpoint(workspace, { git, clock, path, state })
      return strategy === 'snapshot' ? new SnapshotCheckpoint(workspace, { state }) : NONE
    },
  }
}
