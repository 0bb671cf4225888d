/**
 * Telling that a run has ended, somebody outside at least once: what is owed is written before the outcome and removed
 * after the delivery, so a process that dies in between leaves it to whoever works on the tree next.
 */
import { isoTime, msOfIsoTime } from '../iso-time.ts'
import type { NoticeTarget, OwedNotice, RunEndedNotice } from '../ports/notices.ts'
import type { RunOutcome, RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { orWarn } from './or-warn.ts'
import { lastOutcome } from './outcome.ts'
import { recordOwed } from './record-end.ts'

/** A receiver that has been away for longer is not told any more. */
export const OWED_FOR_MS = 3 * 24 * 60 * 60_000

/** Before the outcome is written. */
export async function oweNotices({ notices, outbox }: World, { agent, run }: RunRef): Promise<void> {
  for (const { name } of notices) await outbox.add({ target: name, agent, run })
}

/**
 * Notes and delivers what is owed, the run `first` before any other; a target that does not take one is left alone until
 * the next call. Never throws: the ends of runs do not depend on who hears of them.
 */
export async function tellOwed(world: World, first: RunRef | null = null): Promise<void> {
  await orWarn(world, 'audit records of ended runs', () => recordOwed(world))
  if (world.notices.length === 0) return
  await orWarn(world, 'notices of ended runs', async () => {
    const { owed } = await world.outbox.list()
    const inTurn = owed.toSorted((a, b) => rank(a, first) - rank(b, first))
    await Promise.all(
      world.notices.map((target) =>
        tell(
          world,
          target,
          inTurn.filter((one) => one.target === target.name),
        ),
      ),
    )
  })
}

const rank = (owed: OwedNotice, first: RunRef | null): number =>
  owed.agent === first?.agent && owed.run === first.run ? 0 : 1

async function tell(world: World, target: NoticeTarget, owed: readonly OwedNotice[]): Promise<void> {
  let takesThem = true
  for (const one of owed) {
    await orWarn(world, notTold(target, one), async () => {
      takesThem = await tellOne(world, target, one)
    })
    if (!takesThem) return
  }
}

const notTold = ({ name }: NoticeTarget, { run }: RunRef): string =>
  `${name} was not told that run ${run} ended`

/** False: the target did not take it, and is not asked again now. */
async function tellOne(world: World, target: NoticeTarget, one: OwedNotice): Promise<boolean> {
  const outcome = await world.runs.outcome(one)
  // It is just about to end, or its process died before: then whoever ends it tells.
  if (outcome === null) return true
  const warn = (problem: string) => world.output.warn(`${notTold(target, one)}: ${problem}`)
  const until = msOfIsoTime(outcome.finishedAt) + OWED_FOR_MS
  if (world.clock.now() > until) {
    await world.outbox.remove(one)
    warn(`given up, it ended at ${outcome.finishedAt}`)
    return true
  }
  const problem = await target.runEnded(noticeOf(one, outcome))
  if (problem !== null) {
    warn(`${problem}; it is tried again when a run starts or ends, until ${isoTime(until)}`)
    return false
  }
  await world.outbox.remove(one)
  return true
}

const noticeOf = ({ agent, run }: RunRef, outcome: RunOutcome): RunEndedNotice => ({
  agent,
  run,
  last_outcome: lastOutcome(outcome.outcome),
  message: outcome.message,
  iterations: outcome.iterations,
  total_cost: outcome.totalCost,
  total_tokens: outcome.totalTokens,
  tasks_completed: outcome.tasksCompleted,
  tasks_total: outcome.tasksTotal,
  finished_at: outcome.finishedAt,
})
