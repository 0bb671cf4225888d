import { Fault, type FaultCode, faultText } from '../ports/fault.ts'
import type { IterationRecord, OutcomeKind, RunOutcome, RunTally, VerifiedTask } from '../ports/runs.ts'
import { taintedIf } from '../ports/tainted.ts'
import { totalTokens } from '../turn/usage.ts'
import { endRun, excerpt, updateHead, verdictText } from './end.ts'
import { type Spent, withSpent } from './gate.ts'
import { completedMessage, iterationLimitMessage } from './outcome.ts'
import type { PlanState } from './plan.ts'
import { readProject, surveyProject } from './project.ts'
import { limitReached } from './run-budget.ts'
import { type OpenRun, type RunState, STEP_KIND, type Step } from './run-state.ts'

/** What follows from a recorded iteration: the next one, or the end of the run. Computed from records and plan only. */
export async function afterRecord(run: OpenRun, record: IterationRecord): Promise<Step> {
  const { world, config } = run
  const { verdict, tally, iteration } = record
  const work = { record, iterations: iteration, tally, verified: record.verified }
  if (verdict.kind === 'abort') return await end(run, 'aborted', verdict.reason, work)
  if (verdict.kind === 'done') {
    const project = await readProject(run.workspace, run.decl.loop, 'run')
    const { current, total } = surveyProject(project, config, record.verified)
    if (current === null) {
      return await end(run, 'completed', completedMessage(total, project.tasks !== null), work)
    }
  }
  if ((await world.runs.stopRequest(config)) !== 'none') {
    return await end(run, 'aborted', 'stopped on request', work)
  }
  if (iteration >= config.maxIterations) {
    return await end(run, 'max_iterations', iterationLimitMessage(config.maxIterations), work)
  }
  const exhausted = await limitReached(world, config)
  if (exhausted) return await end(run, 'budget_exhausted', exhausted, work)
  return {
    kind: 'next',
    state: { agent: config.agent, run: config.run, epoch: config.epoch, iteration: iteration + 1 },
    report: {
      iteration,
      task: excerpt(record.task),
      verdict: verdictText(verdict),
      totalCost: tally.cost,
      outcome: 'running',
    },
  }
}

/** Nothing is left to do when the iteration begins. */
export const completed = async (run: OpenRun, tasks: number): Promise<Step> =>
  await endBeforeWork(run, 'completed', completedMessage(tasks, run.config.tasksAtStart > 0))

/** Ends the run without an iteration. */
export const endBeforeWork = async (run: OpenRun, outcome: OutcomeKind, message: string): Promise<Step> =>
  await end(run, outcome, message, {
    record: null,
    iterations: run.iteration - 1,
    tally: run.tally,
    verified: run.verified,
  })

/** Faults that a driver's next try of the same iteration may not meet again. */
const TRANSIENT: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'provider_rate_limited',
  'provider_unavailable',
  'provider_timeout',
  'storage_slow',
  'storage_unavailable',
  'storage_full',
  'tree_missing',
  'service_unavailable',
  'run_busy',
])

/** Faults by which something that may say no ended the run. */
const ABORTING: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'agent_disabled',
  'checkpoint_failed',
  'checkpoint_lost',
  'workspace_not_repository',
  'workspace_inside_repository',
])

/** The end that a failed iteration means for the run; throws the failure again when another try may mend it. */
export async function afterFailure(
  run: OpenRun,
  failure: unknown,
  { lastTry, spent }: { readonly lastTry: boolean; readonly spent: Spent },
): Promise<Step> {
  const work = {
    record: null,
    iterations: totalTokens(spent.usage) > 0 ? run.iteration : run.iteration - 1,
    tally: withSpent(run.tally, spent),
    verified: run.verified,
  }
  const transient = !(failure instanceof Fault) || TRANSIENT.has(failure.code)
  if (transient) {
    const text = failure instanceof Fault ? faultText(failure) : 'internal error'
    if (!(failure instanceof Fault)) {
      run.world.output.warn(`${run.config.agent}, iteration ${run.iteration}`, failure)
    }
    if (lastTry) return await end(run, 'error', text, work)
    await updateHead(run.world, run.config, {}, [`iteration ${run.iteration} is tried again: ${text}`])
    throw failure
  }
  if (failure.code === 'run_fenced') return fencedStep(run)
  if (failure.code === 'stopped') {
    await run.checkpoint.restore(run.config.run, run.iteration)
    return await end(run, 'aborted', faultText(failure), work)
  }
  if (failure.code === 'budget_exhausted') {
    return await end(run, 'budget_exhausted', `Budget exhausted: ${faultText(failure)}`, work)
  }
  return await end(run, ABORTING.has(failure.code) ? 'aborted' : 'error', faultText(failure), work)
}

interface Work {
  readonly record: IterationRecord | null
  readonly iterations: number
  readonly tally: RunTally
  readonly verified: readonly VerifiedTask[]
}

async function end(run: OpenRun, kind: OutcomeKind, message: string, work: Work): Promise<Step> {
  const { completed, total } = await planState(run, work.verified)
  const outcome = await endRun(
    run.world,
    run.config,
    { outcome: kind, message, ...taintedIf(work.record?.tainted) },
    {
      iterations: work.iterations,
      tally: { ...work.tally, tasksCompleted: completed },
      tasksTotal: total,
    },
  )
  return endedStep({ ...run.config, iteration: run.iteration }, outcome, work.record)
}

/** Where the plan stands; a plan that cannot be read any more must not hide the end of the run. */
async function planState(run: OpenRun, verified: readonly VerifiedTask[]): Promise<PlanState> {
  try {
    return surveyProject(await readProject(run.workspace, run.decl.loop, 'run'), run.config, verified)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { current: null, completed: verified.length, total: Math.max(1, run.config.tasksAtStart) }
  }
}

/** The step of a run that has ended, now or before. */
export const endedStep = (
  state: RunState,
  outcome: RunOutcome,
  record: IterationRecord | null = null,
): Step => ({
  kind: STEP_KIND[outcome.outcome],
  state: { agent: state.agent, run: state.run, epoch: state.epoch, iteration: state.iteration },
  report: {
    iteration: outcome.iterations,
    task: excerpt(record?.task ?? ''),
    verdict: record ? verdictText(record.verdict) : excerpt(outcome.message),
    totalCost: outcome.totalCost,
    outcome: outcome.outcome,
  },
})

/** A newer run has taken over: this one stops without a trace. */
const fencedStep = ({ config, iteration }: OpenRun): Step => ({
  kind: 'aborted',
  state: { agent: config.agent, run: config.run, epoch: config.epoch, iteration },
  report: {
    iteration,
    task: '',
    verdict: faultText(new Fault('run_fenced', { run: config.run })),
    totalCost: 0,
    outcome: 'aborted',
  },
})
