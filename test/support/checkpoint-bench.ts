import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Checkpoint, CheckpointLimits, CheckpointRequest } from '../../agents/ports/checkpoints.ts'
import { treeCheckpoints } from '../../stores/tree/checkpoints.ts'
import type { Git } from '../../stores/tree/git-command.ts'
import { temporaryDirectory } from './temporary.ts'

export interface CheckpointBench {
  readonly workspace: string
  /** The private state, outside of the workspace. */
  readonly state: string
  /** A home folder with an identity, for the user's own git. */
  readonly home: string
  /** A checkpoint as a new process would open it. */
  open(strategy?: 'git' | 'snapshot' | 'none', git?: Git | null, limits?: CheckpointLimits): Checkpoint
  /** The user's own git in the workspace; answers trimmed output. */
  git(...args: string[]): string
}

export function checkpointBench(): CheckpointBench {
  const directory = temporaryDirectory()
  const workspace = join(directory, 'ws')
  const home = join(directory, 'home')
  for (const folder of [workspace, home]) mkdirSync(folder)
  const state = join(directory, 'state')
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_AUTHOR_NAME: 'A User',
    GIT_AUTHOR_EMAIL: 'user@example.com',
    GIT_COMMITTER_NAME: 'A User',
    GIT_COMMITTER_EMAIL: 'user@example.com',
  }
  return {
    workspace,
    state,
    home,
    open: (strategy = 'git', git, limits) =>
      treeCheckpoints({
        stateDir: state,
        clock: { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) },
        path: env.PATH,
        ...(git ? { git } : {}),
        ...(limits ? { limits } : {}),
      }).open(strategy, workspace, 'Builder'),
    git: (...args) =>
      execFileSync('git', args, {
        cwd: workspace,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim(),
  }
}

export const keepRequest = (iteration: number, task = `task ${iteration}`): CheckpointRequest => ({
  run: 'RUN1',
  iteration,
  task,
  cost: 0.0123,
  tokens: 456,
})
