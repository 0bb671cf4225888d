import type { ForgeDecl } from '../../bytecode/manifest.ts'
import { findAgent } from '../find-agent.ts'
import type { Checkpoint } from '../ports/checkpoints.ts'
import { Fault } from '../ports/fault.ts'
import {
  type IterationRecord,
  NO_TALLY,
  type OutcomeKind,
  type RunConfig,
  type RunRef,
  type RunTally,
  type VerifiedTask,
} from '../ports/runs.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'

/** All that travels from one iteration to the next; everything else is read from the tree. */
export interface RunState extends RunRef {
  readonly epoch: number
  /** The iteration to do next, 1-based. */
  readonly iteration: number
}

/** What one call of `iterate` did, for the person who watches. */
export interface StepReport {
  readonly iteration: number
  readonly task: string
  /** `done: ...`, `retry: ...`, `abort: ...`, `needs_human: ...`, or "" when the iteration did no work. */
  readonly verdict: string
  /** USD, of the run so far. */
  readonly totalCost: number
  readonly outcome: OutcomeKind | 'running'
}

/** `next` = call again with `state`; `waiting` = the same, once a person has decided; the others end the run. */
export type Step = { readonly state: RunState; readonly report: StepReport } & (
  | { readonly kind: 'next' | 'done' | 'aborted' | 'limit' }
  | { readonly kind: 'waiting'; readonly wait: StepWait }
)

export interface StepWait {
  /** Trace id. */
  readonly confirmation: string
  /** Then it counts as denied. */
  readonly seconds: number
}

export const STEP_KIND: Readonly<Record<OutcomeKind, 'done' | 'aborted' | 'limit'>> = {
  completed: 'done',
  max_iterations: 'limit',
  budget_exhausted: 'limit',
  aborted: 'aborted',
  error: 'aborted',
}

/** A run as an iteration finds it. */
export interface OpenRun {
  readonly world: World
  readonly config: RunConfig
  readonly decl: ForgeDecl
  readonly iteration: number
  readonly workspace: Workspace
  readonly checkpoint: Checkpoint
  /** The iteration before, null for the first. */
  readonly previous: IterationRecord | null
  readonly tally: RunTally
  readonly verified: readonly VerifiedTask[]
}

/** Throws `run_not_found`, `record_damaged`, and `agent_not_found` when the program no longer has the agent. */
export async function openRun(world: World, state: RunState): Promise<OpenRun> {
  const config = await world.runs.config(state)
  if (config === null) throw new Fault('run_not_found', { run: state.run })
  const decl = findAgent(world, 'forge', state.agent)
  const previous = state.iteration > 1 ? await world.runs.iteration(state, state.iteration - 1) : null
  if (previous === null && state.iteration > 1) {
    throw new Fault('record_damaged', {
      path: `run ${state.run}`,
      problem: `iteration ${state.iteration - 1} has no record`,
    })
  }
  return {
    world,
    config,
    decl,
    iteration: state.iteration,
    workspace: await world.workspaces.open(config.workspace),
    checkpoint: world.checkpoints.open(decl.checkpoint, config.workspace, decl.name),
    previous,
    tally: previous?.tally ?? NO_TALLY,
    verified: previous?.verified ?? [],
  }
}
