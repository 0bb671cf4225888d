import { isoTime } from '../iso-time.ts'
import { standingDecision } from '../limits/confirmation.ts'
import { Fault } from '../ports/fault.ts'
import type { RunHead, RunOutcome, RunRef, RunTally, Verdict } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { oweRecords } from './record-end.ts'
import { spentByRun, withCrashed } from './run-budget.ts'
import { oweNotices, tellOwed } from './tell.ts'

/** How far a run came. */
export interface RunFacts {
  readonly iterations: number
  readonly tally: RunTally
  readonly tasksTotal: number
}

/** Writes the outcome of a run; the first one stands and is returned. */
export async function endRun(
  world: World,
  ref: RunRef,
  end: Pick<RunOutcome, 'outcome' | 'message' | 'tainted'>,
  facts: RunFacts,
): Promise<RunOutcome> {
  const before = await world.runs.outcome(ref)
  if (before) return before
  const tally = await withAllSpent(world, ref, facts.tally)
  await oweRecords(world, ref)
  await oweNotices(world, ref)
  const outcome = await world.runs.finish(ref, {
    ...end,
    iterations: facts.iterations,
    totalCost: tally.cost,
    totalTokens: tally.tokens,
    tasksCompleted: tally.tasksCompleted,
    tasksTotal: facts.tasksTotal,
    finishedAt: isoTime(world.clock.now()),
  })
  await denyWaiting(world, ref)
  await updateHead(world, ref, {
    outcome,
    iteration: outcome.iterations,
    tally,
    waiting: null,
  })
  await tellOwed(world, ref)
  return outcome
}

/** The call that the ended run waits for; one that is not found here is denied when somebody looks at it. */
async function denyWaiting(world: World, ref: RunRef): Promise<void> {
  const waiting = (await world.runs.runHead(ref))?.waiting ?? null
  const confirmation = waiting === null ? null : await world.confirmations.get(waiting)
  if (confirmation !== null) await standingDecision(world, confirmation)
}

/** A ledger that cannot be read does not keep the run from ending. */
async function withAllSpent(world: World, ref: RunRef, tally: RunTally): Promise<RunTally> {
  try {
    const config = await world.runs.config(ref)
    return config === null ? tally : withCrashed(tally, await spentByRun(world, config))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return tally
  }
}

/** Changes what status shows of a run, while the run is the agent's newest; a warning that is new is told at once, too. */
export async function updateHead(
  world: World,
  ref: RunRef,
  change: Partial<Omit<RunHead, 'warnings'>>,
  warnings: readonly string[] = [],
): Promise<void> {
  const head = await world.runs.head(ref.agent)
  if (head?.run !== ref.run) return
  for (const warning of new Set(warnings)) {
    if (!head.warnings.includes(warning)) world.output.warn(`${ref.agent}: ${warning}`)
  }
  await world.runs.writeHead({
    ...head,
    ...change,
    warnings: [...new Set([...head.warnings, ...warnings])].slice(-MAX_WARNINGS),
  })
}

const MAX_WARNINGS = 20

/** `done: All tests pass`, short enough for a console and for the state machine. */
export function verdictText(verdict: Verdict): string {
  const text =
    verdict.kind === 'done' ? verdict.message : verdict.kind === 'retry' ? verdict.feedback : verdict.reason
  return excerpt(`${verdict.kind}: ${text}`)
}

const EXCERPT = 160

/** The first line, cut. */
export function excerpt(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0]!
  const points = [...line]
  return points.length > EXCERPT ? `${points.slice(0, EXCERPT - 1).join('')}…` : line
}
