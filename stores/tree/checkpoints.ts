import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Checkpoint, Checkpoints } from '../../agents/ports/checkpoints.ts'
import { CHECKPOINT_LIMITS, type CheckpointLimits } from '../../agents/ports/checkpoints.ts'
import { lazily } from '../../agents/ports/lazily.ts'
import type { Clock } from '../../agents/ports/time.ts'
import type { Git } from './git-command.ts'

export interface CheckpointsOptions {
  /** NEAM_STATE_DIR; each workspace gets a private folder below it. */
  readonly stateDir: string
  readonly clock: Clock
  /** PATH to find git on. */
  readonly path: string
  readonly git?: Git
  /** Default: CHECKPOINT_LIMITS. */
  readonly limits?: CheckpointLimits
}

/** `checkpoint: "none"`: an iteration that crashed repeats on the files as they are (design 3.8). */
const NONE: Checkpoint = {
  adopt: async () => {},
  prepare: async () => ({ uncommitted: [] }),
  look: async () => ({ uncommitted: [] }),
  mark: async () => {},
  restore: async () => {},
  hasChanged: async () => null,
  keep: async () => null,
}

/** The three strategies of chapter 25.7 on a local or mounted file system. */
export function treeCheckpoints(given: CheckpointsOptions): Checkpoints {
  const options = { limits: CHECKPOINT_LIMITS, ...given }
  const { stateDir } = options
  const stateOf = (workspace: string, agent: string): string => {
    const id = createHash('sha256').update(workspace).digest('hex').slice(0, 16)
    return resolve(stateDir, 'checkpoints', `${agent}-${id}`)
  }
  return {
    async bundle(workspace) {
      const { bundleWorkspace } = await import('./checkpoint-strategies.ts')
      return await bundleWorkspace(workspace, { ...options, state: resolve(stateDir, 'checkpoints') })
    },
    open(strategy, workspace, agent) {
      if (strategy === 'none') return NONE
      const state = stateOf(workspace, agent)
      return loadedOnce(async () => {
        const { openCheckpoint } = await import('./checkpoint-strategies.ts')
        return openCheckpoint(strategy, workspace, { ...options, state })
      })
    },
  }
}

/** Whoever only asks whether there are checkpoints loads none. */
function loadedOnce(load: () => Promise<Checkpoint>): Checkpoint {
  const checkpoint = lazily(load)
  return {
    adopt: async (ownFiles) => await (await checkpoint()).adopt(ownFiles),
    prepare: async (run, ownFiles) => await (await checkpoint()).prepare(run, ownFiles),
    look: async (ownFiles) => await (await checkpoint()).look(ownFiles),
    mark: async (run, iteration) => await (await checkpoint()).mark(run, iteration),
    restore: async (run, iteration) => await (await checkpoint()).restore(run, iteration),
    hasChanged: async (run, iteration) => await (await checkpoint()).hasChanged(run, iteration),
    keep: async (request) => await (await checkpoint()).keep(request),
  }
}
