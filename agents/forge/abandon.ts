import { agentsOf } from '../find-agent.ts'
import { Fault, faultText } from '../ports/fault.ts'
import { NO_TALLY, type OutcomeKind, type RunOutcome, type RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { claimAbandoned } from './claim.ts'
import { endRun } from './end.ts'
import { openRun } from './run-state.ts'
import { settle } from './settle.ts'
import { afterRecord } from './step.ts'

/**
 * Ends a run that nothing works on any more: its driver died, or never came to start. Verified work is settled first
 * and a half-done try is undone, so that the next run finds the workspace as the last
 * verified task left it. False: the run is alive.
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
  message:
    'interrupted: whatever drove the run ended without an outcome; start again: verified tasks are kept',
} as const

/**
 * Ends a run on which the caller holds the claim, or which its driver has given up. What cannot be recovered does not
 * keep the run from ending; the message says so.
 */
export async function closeRun(
  world: World,
  ref: RunRef,
  end: { readonly outcome: OutcomeKind; readonly message: string },
): Promise<RunOutcome> {
  let { message } = end
  try {
    await recover(world, ref)
    const outcome = await world.runs.outcome(ref)
    if (outcome) return outcome
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code !== 'stopped') message = `${message} (${faultText(error)})`
  }
  const records = await world.runs.iterations(ref)
  const head = await world.runs.head(ref.agent)
  const own = head?.run === ref.run ? head : null
  return await endRun(
    world,
    ref,
    { ...end, message },
    {
      iterations: records.length,
      tally: records.at(-1)?.tally ?? own?.tally ?? NO_TALLY,
      tasksTotal: own?.tasksTotal ?? 1,
    },
  )
}

/** Finishes the writes of the last iteration, or undoes the one that was begun; may find that the run had ended. */
async function recover(world: World, ref: RunRef): Promise<void> {
  const config = await world.runs.config(ref)
  if (config === null || !agentsOf(world, 'forge').some(({ name }) => name === ref.agent)) return
  const state = { ...ref, epoch: config.epoch }
  const records = await world.runs.iterations(ref)
  const last = records.at(-1)
  if (last) {
    const step = await afterRecord(await openRun(world, { ...state, iteration: last.iteration }), last)
    if (step.kind !== 'next') return
  }
  const run = await openRun(world, { ...state, iteration: records.length + 1 })
  const begun = await world.runs.begin(ref, run.iteration)
  if (begun.kind === 'verdict') await afterRecord(run, await settle(run, begun.record))
  else if (begun.kind === 'begin' && begun.attempt > 1) {
    await run.checkpoint.restore(ref.run, run.iteration)
  }
}
