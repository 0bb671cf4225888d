import { agentsOf, findAgent } from '../find-agent.ts'
import type { RunHead, RunOutcome, Verdict } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { closeAbandoned } from './abandon.ts'
import { type LastOutcome, lastOutcome } from './outcome.ts'

/** The body of the status route: chapter 28.3's five fields, then ours. */
export interface ForgeStatus {
  readonly agent: string
  readonly running: boolean
  /** Iteration in hand, or the last one. */
  readonly iteration: number
  /** USD. */
  readonly total_cost: number
  readonly last_outcome: LastOutcome
  readonly run: string | null
  /** "" without a plan, null between runs. */
  readonly task: string | null
  readonly tasks_completed: number
  readonly tasks_total: number
  readonly total_tokens: number
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly stopping: boolean
  readonly last_verdict: Verdict | null
  /** How the run ended, in words; null while it runs. */
  readonly message: string | null
  /** Trace id of the confirmation that the run waits for, null while it works. */
  readonly pending_confirmation: string | null
  readonly warnings: readonly string[]
}

/** Throws `agent_not_found`. A run whose driver died is ended here, as an error. */
export async function forgeStatus(world: World, agent: string): Promise<ForgeStatus> {
  const { name } = findAgent(world, 'forge', agent)
  const head = await world.runs.head(name)
  return head === null ? notStarted(name) : await runStatus(world, head)
}

/** The state of one run; ends it when its driver died. */
export async function runStatus(world: World, head: RunHead): Promise<ForgeStatus> {
  const outcome = await world.runs.outcome(head)
  if (outcome) return statusOf(head, outcome)
  if (await closeAbandoned(world, head)) {
    return statusOf((await world.runs.runHead(head)) ?? head, await world.runs.outcome(head))
  }
  return statusOf(head, null)
}

export function statusOf(head: RunHead, outcome: RunOutcome | null): ForgeStatus {
  return {
    agent: head.agent,
    running: outcome === null,
    iteration: outcome?.iterations ?? head.iteration,
    total_cost: outcome?.totalCost ?? head.tally.cost,
    last_outcome: outcome ? lastOutcome(outcome.outcome) : 'running',
    run: head.run,
    task: outcome ? null : head.task,
    tasks_completed: outcome?.tasksCompleted ?? head.tally.tasksCompleted,
    tasks_total: outcome?.tasksTotal ?? head.tasksTotal,
    total_tokens: outcome?.totalTokens ?? head.tally.tokens,
    started_at: head.startedAt,
    finished_at: outcome?.finishedAt ?? null,
    stopping: outcome === null && head.stopping,
    last_verdict: head.lastVerdict,
    message: outcome?.message ?? null,
    pending_confirmation: outcome ? null : head.waiting,
    warnings: head.warnings,
  }
}

const notStarted = (agent: string): ForgeStatus => ({
  agent,
  running: false,
  iteration: 0,
  total_cost: 0,
  last_outcome: 'not_started',
  run: null,
  task: null,
  tasks_completed: 0,
  tasks_total: 0,
  total_tokens: 0,
  started_at: null,
  finished_at: null,
  stopping: false,
  last_verdict: null,
  message: null,
  pending_confirmation: null,
  warnings: [],
})

/** One row of `GET /api/v1/forge` (chapter 28.3). */
export interface ForgeSummary {
  readonly name: string
  readonly provider: string
  readonly model: string
  readonly max_iterations: number
  readonly max_cost: number
  readonly running: boolean
}

/** The program's forge agents, in its order. */
export async function listForges(world: World): Promise<readonly ForgeSummary[]> {
  return await Promise.all(
    agentsOf(world, 'forge').map(async ({ name, provider, model, loop }) => {
      const head = await world.runs.head(name)
      return {
        name,
        provider,
        model,
        max_iterations: loop.maxIterations,
        max_cost: loop.maxCost,
        running: head !== null && (await world.runs.outcome(head)) === null,
      }
    }),
  )
}
