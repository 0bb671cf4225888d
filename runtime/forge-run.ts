/** Forge runs in the process of a command line program. */

import { type DryRun, dryRunForge } from '../agents/forge/dry-run.ts'
import { outcomeValue } from '../agents/forge/outcome.ts'
import { type RunOptions, resumeForge, runForge } from '../agents/forge/run.ts'
import { stopForge } from '../agents/forge/stop.ts'
import type { RunOutcome } from '../agents/ports/runs.ts'
import { textOf } from '../vm/values/text.ts'
import type { System } from './system.ts'

export { MAX_ITERATIONS } from '../agents/forge/start.ts'
export type { DryRun, RunOptions }

export const runForgeAgent = (system: System, agent: string, options: RunOptions): Promise<RunOutcome> =>
  runForge(system.world, agent, options)

export const resumeForgeAgent = (system: System, agent: string, options: RunOptions): Promise<RunOutcome> =>
  resumeForge(system.world, agent, options)

export const dryRunForgeAgent = (system: System, agent: string, options: RunOptions): Promise<DryRun> =>
  dryRunForge(system.world, { agent, ...options, hasTree: system.hasTree() })

export async function stopForgeAgent(system: System, agent: string, force: boolean): Promise<void> {
  await stopForge(system.world, agent, { force })
}

/** As the language prints it (chapter 28.10): `{outcome: "completed", iterations: 3, ...}`. */
export const outcomeText = (outcome: RunOutcome): string => textOf(outcomeValue(outcome))

/** Strict JSON with all properties of chapter 25.5. */
export const outcomeJson = (outcome: RunOutcome): string =>
  JSON.stringify({
    outcome: outcome.outcome,
    iterations: outcome.iterations,
    total_cost: outcome.totalCost,
    total_tokens: outcome.totalTokens,
    message: outcome.message,
    tasks_completed: outcome.tasksCompleted,
    tasks_total: outcome.tasksTotal,
  })
