/**
 * What we ourselves note of a run that has ended: the audit record and, for an agent with a `baseline()`, the sample. Owed
 * before the outcome is written and noted once after it, so a process that dies in between leaves it to the next one.
 */
import { agentsOf, implementsMethod } from '../find-agent.ts'
import { observe } from '../monitoring/observe.ts'
import { faultText } from '../ports/fault.ts'
import type { OwedNotice } from '../ports/notices.ts'
import type { RunOutcome, RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { orWarn } from './or-warn.ts'

/** For noting one run; `baseline()` and `on_anomaly()` have 5 seconds. */
const LEASE_MS = 60_000

type Note = 'audit' | 'behaviour'
interface OwedNote extends OwedNotice {
  readonly target: Note
}

const isNote = (owed: OwedNotice): owed is OwedNote => owed.target === 'audit' || owed.target === 'behaviour'

const sameRun = (a: RunRef, b: RunRef): boolean => a.agent === b.agent && a.run === b.run

/** Before the outcome is written. */
export async function oweRecords(world: World, { agent, run }: RunRef): Promise<void> {
  await world.outbox.add({ target: 'audit', agent, run })
  if (isWatched(world, agent)) await world.outbox.add({ target: 'behaviour', agent, run })
}

/** Undefined: the program that is served now has it no more. */
const agentOf = (world: World, name: string) => agentsOf(world, 'forge').find((one) => one.name === name)

function isWatched(world: World, name: string): boolean {
  const agent = agentOf(world, name)
  return agent !== undefined && implementsMethod(world, agent, 'baseline')
}

/** Notes what is owed of runs that have ended, each once over all processes of the tree. */
export async function recordOwed(world: World): Promise<void> {
  const { owed, damaged } = await world.outbox.list()
  for (const fault of damaged) world.output.warn(`what an ended run owes: ${faultText(fault)}`)
  const notes = owed.filter(isNote)
  const runs = notes.filter((one, index) => notes.findIndex((other) => sameRun(one, other)) === index)
  for (const ref of runs) {
    await orWarn(world, `audit record of run ${ref.run}`, async () => {
      const outcome = await world.runs.outcome(ref)
      // It is just about to end, or its process died before: then whoever ends it notes it.
      if (outcome !== null) await recordOnce(world, ref, outcome)
    })
  }
}

async function recordOnce(world: World, ref: RunRef, outcome: RunOutcome): Promise<void> {
  const lease = await world.fileLeases.acquire(`/forge/${ref.agent}/end/${ref.run}`, {
    ttlMs: LEASE_MS,
    waitMs: 0,
  })
  // Somebody else is at it.
  if (lease === null) return
  try {
    const { owed } = await world.outbox.list()
    const notes = owed.filter(isNote).filter((one) => sameRun(one, ref))
    for (const note of notes.toSorted((a, b) => a.target.localeCompare(b.target))) {
      if (note.target === 'audit') audit(world, ref, outcome)
      else await observeRun(world, ref, outcome)
      await world.outbox.remove(note)
    }
  } finally {
    await lease.release()
  }
}

function audit(world: World, { agent, run }: RunRef, outcome: RunOutcome): void {
  world.audit.record({
    event: 'forge.end',
    agent,
    run,
    metadata: {
      outcome: outcome.outcome,
      iterations: outcome.iterations,
      tokens: outcome.totalTokens,
      cost_usd: outcome.totalCost,
    },
  })
}

/** A run that ended before its first iteration says nothing of how the agent works. */
async function observeRun(world: World, ref: RunRef, outcome: RunOutcome): Promise<void> {
  const agent = agentOf(world, ref.agent)
  const { iterations, totalCost: cost, totalTokens: tokens } = outcome
  if (agent === undefined || iterations === 0) return
  await observe(
    world,
    agent,
    { id: ref.run, values: { iterations, cost, tokens } },
    {
      depth: 1,
      deadlineAt: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      requestId: null,
      holding: [],
    },
  )
}
