import { Fault, faultText } from '../ports/fault.ts'
import type { IterationRecord, RunConfig, RunOutcome } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { failRun } from './fail.ts'
import type { Incoming } from './incoming.ts'
import { iterate } from './iterate.ts'
import type { RunState, Step } from './run-state.ts'
import { startForge } from './start.ts'
import { untilDecided } from './waiting.ts'

export interface RunOptions extends Incoming {
  readonly maxIterations?: number
  /** USD. */
  readonly maxCost?: number
  readonly maxTokens?: number
  readonly workspace?: string
  /** Aborting it is a forced stop; `stopForge` is the graceful one. */
  readonly signal?: AbortSignal
  /** Agent calls on the way here, this one included; 1 for a run of its own. */
  readonly depth?: number
  onStart?(config: RunConfig): void
  /** After each iteration that came to a verdict. */
  onIteration?(record: IterationRecord): void
}

/** Waits before an iteration is tried again, as in the Retry of the state machine. */
const RETRY_AFTER_MS = [5_000, 10_000, 20_000]

/** `.run()` (chapter 25.3) as a loop in this process. Throws what `startForge` throws; every other end is an outcome. */
export async function runForge(world: World, agent: string, options: RunOptions = {}): Promise<RunOutcome> {
  const config = await startForge(world, {
    agent,
    maxIterations: options.maxIterations,
    maxCost: options.maxCost,
    maxTokens: options.maxTokens,
    workspace: options.workspace,
    plan: options.plan,
    prompt: options.prompt,
    files: options.files,
    driver: 'inline',
  })
  options.onStart?.(config)
  let state: RunState = { agent: config.agent, run: config.run, epoch: config.epoch, iteration: 1 }
  for (;;) {
    const step = await iteratePatiently(world, state, options)
    if (options.onIteration) {
      const record = await world.runs.iteration(config, state.iteration)
      if (record) options.onIteration(record)
    }
    if (step === null || (step.kind !== 'next' && step.kind !== 'waiting')) break
    state = step.state
  }
  const outcome = await world.runs.outcome(config)
  // Another process took the run over and has not ended it.
  if (outcome === null) throw new Fault('run_fenced', { run: config.run })
  return outcome
}

/** Null: the iteration failed for good, and the run has been ended as an error. */
async function iteratePatiently(world: World, state: RunState, options: RunOptions): Promise<Step | null> {
  for (const waitMs of [...RETRY_AFTER_MS, null]) {
    try {
      const step = await iterate(world, state, { signal: options.signal, depth: options.depth })
      if (step.kind === 'waiting') await untilDecided(world, state, step.wait.confirmation, options.signal)
      return step
    } catch (error) {
      if (waitMs === null) {
        await failRun(world, state, error instanceof Fault ? faultText(error) : 'internal error')
        return null
      }
      await world.timers.sleep(waitMs)
    }
  }
  return null
}
