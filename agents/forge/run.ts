import { findAgent } from '../find-agent.ts'
import { Fault, faultText } from '../ports/fault.ts'
import type { IterationRecord, RunConfig, RunOutcome } from '../ports/runs.ts'
import { outcomeAttributes, runSpan } from '../tracing/forge-span.ts'
import type { World } from '../world.ts'
import { CLAIM_TTL_MS } from './claim.ts'
import { failRun } from './fail.ts'
import type { Incoming } from './incoming.ts'
import { iterate } from './iterate.ts'
import type { RunState, Step } from './run-state.ts'
import { startForge } from './start.ts'
import { tellOwed } from './tell.ts'
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
  /** Whoever asks for it has read text of strangers. */
  readonly isTainted?: boolean
  onStart?(config: RunConfig): void
  /** Before each iteration. */
  onBegin?(iteration: number): void
  /** Before it waits for a person. */
  onWaiting?(iteration: number): void
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
    isTainted: options.isTainted,
  })
  return await drive(world, config, 1, options)
}

/**
 * Takes up the agent's run that a loop in some process left unfinished: same id, limits and workspace. Throws
 * `agent_not_found`, `nothing_to_resume`, or `run_busy` while another process works on it.
 */
export async function resumeForge(
  world: World,
  agent: string,
  options: Pick<RunOptions, 'signal' | 'onStart' | 'onBegin' | 'onWaiting' | 'onIteration'> = {},
): Promise<RunOutcome> {
  // The process that was killed may have ended the run, and told nobody.
  await tellOwed(world)
  const config = await unfinishedRun(world, agent)
  const claim = await world.runs.claim(config, { ttlMs: CLAIM_TTL_MS, quietMs: 0 })
  if (claim === null) throw new Fault('run_busy', { run: config.run })
  await claim.release()
  const done = await world.runs.iterations(config)
  return await drive(world, config, done.length + 1, options)
}

async function unfinishedRun(world: World, agent: string): Promise<RunConfig> {
  const { name } = findAgent(world, 'forge', agent)
  const nothing = (problem: string) => new Fault('nothing_to_resume', { agent: name, problem })
  const head = await world.runs.head(name)
  const config = head && (await world.runs.config(head))
  if (!head || !config) throw nothing('it was never started here')
  const outcome = await world.runs.outcome(head)
  if (outcome) throw nothing(`its newest run ended as ${outcome.outcome} (${outcome.message})`)
  // Going on with it would end it: an iteration finds that its program is another one.
  if (config.programHash !== world.program.module.manifest.sourceHash)
    throw nothing(
      `its run ${config.run} was begun by another version of the program: give that one, or start again without --resume, which keeps verified tasks`,
    )
  if (config.driver !== 'inline')
    throw nothing(`its run ${config.run} is driven by a server, which takes it up itself`)
  return config
}

async function drive(
  world: World,
  config: RunConfig,
  first: number,
  options: RunOptions,
): Promise<RunOutcome> {
  return await world.tracing.span(runSpan(config), async (span) => {
    const outcome = await driveToEnd(world, config, first, options)
    span.set(outcomeAttributes(outcome))
    return outcome
  })
}

async function driveToEnd(
  world: World,
  config: RunConfig,
  first: number,
  options: RunOptions,
): Promise<RunOutcome> {
  options.onStart?.(config)
  let state: RunState = { agent: config.agent, run: config.run, epoch: config.epoch, iteration: first }
  for (;;) {
    options.onBegin?.(state.iteration)
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
      if (step.kind === 'waiting') {
        options.onWaiting?.(state.iteration)
        await untilDecided(world, state, step.wait.confirmation, options.signal)
      }
      return step
    } catch (error) {
      if (waitMs === null) {
        await failRun(world, state, error instanceof Fault ? faultText(error) : 'internal error')
        return null
      }
      await pause(world, waitMs, options.signal)
    }
  }
  return null
}

/** Is over at once when the run is to stop: the next try finds out, and ends it by that. */
async function pause({ timers }: World, ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await timers.sleep(ms, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}
