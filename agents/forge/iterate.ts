import { Fault } from '../ports/fault.ts'
import type { IterationWait } from '../ports/runs.ts'
import { iterationAttributes, iterationSpan } from '../tracing/forge-span.ts'
import { stopOf } from '../turn/stop.ts'
import { totalTokens } from '../turn/usage.ts'
import type { World } from '../world.ts'
import { attemptTask } from './attempt.ts'
import { whileClaimed } from './claim.ts'
import { updateHead } from './end.ts'
import { assertUnstopped, type Spent, spentBefore } from './gate.ts'
import { iterationLimitMessage } from './outcome.ts'
import { foreignLines, lines, readProject, surveyProject } from './project.ts'
import { limitReached, spentByRun, withCrashed } from './run-budget.ts'
import { type OpenRun, openRun, type RunState, type Step } from './run-state.ts'
import { settle } from './settle.ts'
import { afterFailure, afterRecord, completed, endBeforeWork, endedStep } from './step.ts'
import { tellOwed } from './tell.ts'
import { confirmationOf, stillPending, waitingStep } from './waiting.ts'

export interface IterateOptions {
  /** When the iteration must have come to an end, ms; its unfinished work then becomes a Retry. */
  readonly deadlineAt?: number
  /** Aborting it is a forced stop. */
  readonly signal?: AbortSignal
  /** Agent calls on the way here, this one included; 1 for a run of its own. */
  readonly depth?: number
}

/** Where nothing else limits an iteration. */
const LONGEST_ITERATION_MS = 60 * 60_000
/** Tries of one iteration that may die before the run is given up. */
const MAX_CRASHES = 3

/**
 * One iteration of a run: state in, state out. All drivers call this and nothing else. Repeating a call is harmless:
 * a recorded iteration is answered from its record, a verified one is settled, a crashed one starts again from the
 * workspace it began with, one that waits for a person says so until it is decided. Throws only what another try may mend; the rest ends the run.
 */
export async function iterate(world: World, state: RunState, options: IterateOptions = {}): Promise<Step> {
  const ended = await world.runs.outcome(state)
  // The process that ended it may have died before it told anybody; a run that starts tells for those that nobody drives.
  if (ended || state.iteration === 1) await tellOwed(world, state)
  if (ended) return endedStep(state, ended)
  const deadlineAt = options.deadlineAt ?? world.clock.now() + LONGEST_ITERATION_MS
  return await world.tracing.span(iterationSpan(state), async (span) => {
    const step = await whileClaimed(world, state, { deadlineAt, signal: options.signal }, async (signal) => {
      // The holder before may have ended it.
      const outcome = await world.runs.outcome(state)
      if (outcome) return endedStep(state, outcome)
      return await claimed(world, state, { deadlineAt, signal, depth: options.depth ?? 1 })
    })
    span.set(iterationAttributes(step))
    return step
  })
}

interface ClaimedOptions {
  readonly deadlineAt: number
  readonly signal: AbortSignal
  readonly depth: number
}

async function claimed(world: World, state: RunState, options: ClaimedOptions): Promise<Step> {
  const opened = await openRun(world, state)
  const waits = await world.runs.waits(state, state.iteration)
  const spent = spentBefore(waits.at(-1))
  const pending = await stillPending(world, state, waits.at(-1))
  if (pending) return await waitingStep(opened, pending, spent)
  const begun = await world.runs.begin(state, state.iteration)
  if (begun.kind === 'done') return await afterRecord(opened, begun.record)
  const run = begun.kind === 'begin' ? await countingCrashed(opened, spent) : opened
  try {
    await assertUnstopped(run)
    if (begun.kind === 'verdict') return await afterRecord(run, await settle(run, begun.record))
    return await tryOnce(run, { ...options, attempt: begun.attempt, waits, spent })
  } catch (error) {
    const confirmation = await confirmationOf(world, error)
    if (confirmation && begun.kind === 'begin') {
      const { attempt } = begun
      await world.runs.recordWait(state, state.iteration, {
        attempt,
        confirmation: confirmation.request.id,
        ...spent,
      })
      return await waitingStep(run, confirmation, spent)
    }
    const failure = error instanceof Fault ? error : (stopOf(options.signal) ?? error)
    // Settling verified work is tried as often as the driver likes.
    const lastTry = begun.kind === 'begin' && begun.attempt - waits.length >= MAX_CRASHES
    return await afterFailure(run, failure, { lastTry, spent })
  }
}

/** The run with what earlier tries of this iteration used before they died; `spent` is what they used and recorded. */
async function countingCrashed(run: OpenRun, { cost, usage }: Spent): Promise<OpenRun> {
  const used = await spentByRun(run.world, run.config)
  return { ...run, tally: withCrashed(run.tally, used, { cost, tokens: totalTokens(usage) }) }
}

async function tryOnce(
  run: OpenRun,
  options: ClaimedOptions & {
    readonly attempt: number
    /** Tries before this one that ended waiting for a person. */
    readonly waits: readonly IterationWait[]
    readonly spent: Spent
  },
): Promise<Step> {
  const { world, config } = run
  const { attempt, waits } = options
  const refusal = await reasonNotToStart(run, attempt - waits.length)
  if (refusal) {
    if (waits.length > 0) await run.checkpoint.restore(config.run, run.iteration)
    return await endBeforeWork(run, refusal.outcome, refusal.message)
  }

  // What a try has done before it waited stays for the next one.
  const crashed = attempt > 1 && waits.at(-1)?.attempt !== attempt - 1
  if (crashed) await run.checkpoint.restore(config.run, run.iteration)
  await run.checkpoint.mark(config.run, run.iteration)

  const project = await readProject(run.workspace, run.decl.loop, 'run')
  if (project.tasks === null && config.tasksAtStart > 0) {
    throw new Fault('plan_invalid', {
      path: run.decl.loop.planFile,
      problem: 'it was removed during the run',
    })
  }
  const { current, total } = surveyProject(project, config, run.verified)
  const foreign = foreignLines(project, config, run.verified)
  await updateHead(
    world,
    config,
    { iteration: run.iteration, task: current, tasksTotal: total, waiting: null },
    foreign === 0
      ? project.warnings
      : [
          ...project.warnings,
          `progress file ${run.decl.loop.progressFile}: ${lines(foreign)} written by others during the run ignored`,
        ],
  )
  if (current === null) return await completed(run, total)

  const { record, warnings } = await attemptTask(run, { ...options, task: current, project })
  const settled = await settle(run, record)
  world.audit.record({
    event: 'forge.iteration',
    agent: config.agent,
    run: config.run,
    detail: record.verdict.kind,
    metadata: {
      iteration: record.iteration,
      tokens: totalTokens(record.usage),
      cost_usd: record.cost,
    },
  })
  await updateHead(world, config, { tally: settled.tally, lastVerdict: settled.verdict }, warnings)
  return await afterRecord(run, settled)
}

/** Everything that ends a run before an iteration has begun its work. */
async function reasonNotToStart(
  run: OpenRun,
  /** Tries so far that did not end waiting, this one included. */
  tries: number,
): Promise<{
  readonly outcome: 'aborted' | 'max_iterations' | 'budget_exhausted'
  readonly message: string
} | null> {
  const { world, config, iteration } = run
  if (tries > MAX_CRASHES) {
    return { outcome: 'aborted', message: `iteration ${iteration} crashed ${MAX_CRASHES} times` }
  }
  if (config.programHash !== world.program.module.manifest.sourceHash) {
    return {
      outcome: 'aborted',
      message: 'the program was changed during the run; start again: verified tasks are kept',
    }
  }
  if ((await world.runs.stopRequest(config)) !== 'none') {
    return { outcome: 'aborted', message: 'stopped on request' }
  }
  if (iteration > config.maxIterations) {
    return { outcome: 'max_iterations', message: iterationLimitMessage(config.maxIterations) }
  }
  const exhausted = await limitReached(world, config)
  return exhausted === null ? null : { outcome: 'budget_exhausted', message: exhausted }
}
