import { findAgent } from '../find-agent.ts'
import { msOfIsoTime } from '../iso-time.ts'
import { Fault } from '../ports/fault.ts'
import type { IterationRecord, RunHead, RunRef, Verdict } from '../ports/runs.ts'
import { totalTokens } from '../turn/usage.ts'
import type { World } from '../world.ts'
import { type ForgeStatus, runStatus, statusOf } from './status.ts'

/** One row of `GET /api/v1/forge/:agent/runs`: the fields of the status that tell runs apart. */
export type RunSummary = Pick<
  ForgeStatus,
  | 'running'
  | 'iteration'
  | 'total_cost'
  | 'total_tokens'
  | 'last_outcome'
  | 'tasks_completed'
  | 'tasks_total'
  | 'started_at'
  | 'finished_at'
  | 'message'
> & { readonly run: string }

/** One iteration of a run as people read it. */
export interface IterationView {
  readonly iteration: number
  /** Tries that it took; above 1 when earlier ones crashed. */
  readonly attempt: number
  /** "" without a plan. */
  readonly task: string
  readonly verdict: Verdict
  /** USD, of this iteration. */
  readonly cost: number
  readonly tokens: number
  /** ISO 8601. */
  readonly started_at: string
  readonly finished_at: string
  readonly duration_ms: number
  /** Commit id or snapshot folder, null when none was made. */
  readonly checkpoint: string | null
}

/** A run: its status, its limits and a page of its iterations. */
export interface RunDetail extends ForgeStatus {
  readonly driver: 'inline' | 'asl' | 'states'
  readonly workspace: string
  readonly max_iterations: number
  /** USD. */
  readonly max_cost: number
  readonly max_tokens: number
  /** Finished iterations from the one asked for, in order. */
  readonly iterations: readonly IterationView[]
  /** `from` of the next page, null when this was the last one. */
  readonly next: number | null
}

/** The agent's newest runs, newest first. Throws `agent_not_found`. */
export async function listRuns(world: World, agent: string, limit: number): Promise<readonly RunSummary[]> {
  const { name } = findAgent(world, 'forge', agent)
  return (await world.runs.list(name)).slice(0, limit).map(summaryOf)
}

function summaryOf(head: RunHead): RunSummary {
  const status = statusOf(head, head.outcome)
  return {
    run: head.run,
    running: status.running,
    iteration: status.iteration,
    total_cost: status.total_cost,
    total_tokens: status.total_tokens,
    last_outcome: status.last_outcome,
    tasks_completed: status.tasks_completed,
    tasks_total: status.tasks_total,
    started_at: status.started_at,
    finished_at: status.finished_at,
    message: status.message,
  }
}

/** A run with `limit` of its iterations, those from `from` on. Throws `agent_not_found` or `run_not_found`. */
export async function readRun(
  world: World,
  ref: RunRef,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<RunDetail> {
  const { name } = findAgent(world, 'forge', ref.agent)
  const head = await world.runs.runHead({ agent: name, run: ref.run })
  const config = head && (await world.runs.config(head))
  if (!head || !config) throw new Fault('run_not_found', { agent: name, run: ref.run })
  const status = await runStatus(world, head)
  const records = await recordsOf(world, head, { from, limit: limit + 1 })
  return {
    ...status,
    driver: config.driver,
    workspace: config.workspace,
    max_iterations: config.maxIterations,
    max_cost: config.maxCost,
    max_tokens: config.maxTokens,
    iterations: records.slice(0, limit).map(viewOf),
    next: records.length > limit ? from + limit : null,
  }
}

/** Iterations have no gaps: the first one without a record ends the list. */
async function recordsOf(
  world: World,
  ref: RunRef,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<readonly IterationRecord[]> {
  const records: IterationRecord[] = []
  while (records.length < limit) {
    const record = await world.runs.iteration(ref, from + records.length)
    if (record === null) break
    records.push(record)
  }
  return records
}

const viewOf = (record: IterationRecord): IterationView => ({
  iteration: record.iteration,
  attempt: record.attempt,
  task: cut(record.task),
  verdict: cutVerdict(record.verdict),
  cost: record.cost,
  tokens: totalTokens(record.usage),
  started_at: record.startedAt,
  finished_at: record.finishedAt,
  duration_ms: msOfIsoTime(record.finishedAt) - msOfIsoTime(record.startedAt),
  checkpoint: record.checkpoint,
})

/** Feedback is often the whole output of a test run; a page of it must fit into one answer. */
const LONGEST_TEXT = 4000

const cut = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text

function cutVerdict(verdict: Verdict): Verdict {
  switch (verdict.kind) {
    case 'done':
      return { kind: 'done', message: cut(verdict.message) }
    case 'retry':
      return { kind: 'retry', feedback: cut(verdict.feedback) }
    case 'abort':
      return { kind: 'abort', reason: cut(verdict.reason) }
  }
}
