import type { OutcomeKind, RunOutcome, RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { claimAbandoned } from './claim.ts'
import { endRun } from './end.ts'
import { readProject, surveyProject } from './project.ts'
import { openRun } from './run-state.ts'
import { settle } from './settle.ts'
import { afterRecord } from './step.ts'

/**
 * Ends a run that nothing works on any more: its driver died, or never came to start. Verified work is settled first
 * and a half-done try is undone, so that the next run finds the workspace as the last verified task left it. False: the run is alive.
 */
export async function closeAbandoned(
  world: World,
  ref: RunRef,
  end: { readonly outcome: OutcomeKind; readonly message: string } = INTERRUPTED,
): Promise<boolean> {
  const claim = await claimAbandoned(world, ref)
  if (claim === null) return false
  try {
    if ((await world.runs.outcome(ref)) === null) await closeRun(world, ref, end)
    return true
  } finally {
    await claim.release()
  }
}

const INTERRUPTED = {
  outcome: 'error',
  message: 'interrupted: whatever drove the run ended without an outcome; start again: verified tasks are kept',
} as const

/** Ends a run on which the caller holds the claim, or which its driver has given up. */
export async function closeRun(
  world: World,
  ref: RunRef,
  end: { readonly outcome: OutcomeKind; readonly message: string },
): Promise<RunOutcome> {
  const config = await world.runs.config(ref)
  const done = await world.runs.iterations(ref)
  const iteration = done.length + 1
  const run = await openRun(world, { ...ref, epoch: config?.epoch ?? 0, iteration })
  const begun = await world.runs.begin(ref, iteration)
  if (begun.kind === 'verdict') {
    const step = await afterRecord(run, await settle(run, begun.record))
    const outcome = step.kind === 'next' ? null : await world.runs.outcome(ref)
    if (outcome) return outcome
    return await closeRun(world, ref, end)
  }
  if (begun.kind === 'begin' && begun.attempt > 1) await run.checkpoint.restore(ref.run, iteration)
  const { completed, total } = surveyProject(
    await readProject(run.workspace, run.decl.loop),
    run.config,
    run.verified,
  )
  return await endRun(world, ref, end, {
    iterations: done.length,
    tally: { ...run.tally, tasksCompleted: completed },
    tasksTotal: total,
  })
}
