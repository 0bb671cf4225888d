import type { ForgeDecl } from '../../bytecode/manifest.ts'
import { findAgent } from '../find-agent.ts'
import { isoTime } from '../iso-time.ts'
import { assertEnabled } from '../limits/kill-switch.ts'
import type { Preparation } from '../ports/checkpoints.ts'
import { Fault, faultText } from '../ports/fault.ts'
import { NO_TALLY, type RunConfig, type RunTally } from '../ports/runs.ts'
import { taintedIf } from '../ports/tainted.ts'
import { requirePrice } from '../turn/model-access.ts'
import type { World } from '../world.ts'
import { closeAbandoned } from './abandon.ts'
import { alreadyRunning } from './already-running.ts'
import { endRun } from './end.ts'
import { checkIncoming, filesBeside, type Incoming, loopFiles, withFiles, writeFiles } from './incoming.ts'
import { type Project, readProject, surveyProject } from './project.ts'

export interface StartRequest extends Incoming {
  readonly agent: string
  /** Overrides of the declared limits; all must be above 0. */
  readonly maxIterations?: number
  /** USD. */
  readonly maxCost?: number
  readonly maxTokens?: number
  /** Another workspace than the declared one; relative to the same directory. */
  readonly workspace?: string
  readonly driver: RunConfig['driver']
  readonly requestId?: string | null
  /** Whoever asks for it has read text of strangers. */
  readonly isTainted?: boolean
  /** A start that may be repeated: `run` is the same each time, and `fingerprint` is that of what the caller sent. */
  readonly once?: { readonly run: string; readonly fingerprint: string }
}

/** Records of a run lie in one folder, which is listed when the run is taken up again. */
export const MAX_ITERATIONS = 100_000

/**
 * Stage 1 of chapter 25.3. Checks all that can be known before the first model call, takes the run lease and writes
 * the config; a driver then does the iterations. Throws `agent_not_found`, `bad_request` (a limit), `agent_disabled`,
 * `provider_*`, `price_unknown`, `plan_invalid`, `path_refused`, `workspace_not_repository`,
 * `workspace_inside_repository` or `already_running`; no iteration is done and no file written then. A start with `once` is
 * answered with the run that it began before, and throws `idempotency_conflict` for another request, `run_busy` while the
 * first one is still being taken.
 */
export async function startForge(world: World, request: StartRequest): Promise<RunConfig> {
  const decl = findAgent(world, 'forge', request.agent)
  const { once } = request
  return once === undefined
    ? await start(world, decl, request)
    : await oneAtATime(world, decl.name, once, () => start(world, decl, request))
}

async function start(world: World, decl: ForgeDecl, request: StartRequest): Promise<RunConfig> {
  const limits = limitsOf(decl, request)
  const known = await begunBefore(world, decl.name, request.once)
  if (known?.isPrepared) return known.config
  const run = request.once?.run ?? world.ids.next()
  await assertEnabled(world, decl.name, request.requestId ?? null)
  // Every run has a max_cost, the default one counts (design 9.14): a model without a price could not keep it.
  await requirePrice(world, decl, 'max_cost')

  const root = world.workspaces.resolve(decl.name, request.workspace ?? decl.workspace)
  const workspace = await world.workspaces.open(root)
  // A workspace that somebody names is theirs to fill.
  const beside =
    request.workspace === undefined ? await filesBeside(world, decl.workspace, workspace) : undefined
  const files = await checkIncoming(workspace, decl, request, beside)
  const draft = async () => {
    const found = await readProject(withFiles(workspace, files), decl.loop, 'start')
    return {
      project: found,
      config: {
        ...limits,
        agent: decl.name,
        run,
        programHash: world.program.module.manifest.sourceHash,
        ...(request.once && { fingerprint: request.once.fingerprint }),
        workspace: workspace.root,
        startedAt: isoTime(world.clock.now()),
        driver: request.driver,
        tasksAtStart: found.tasks?.length ?? 0,
        doneAtStart: found.progress.map(({ task }) => task),
        ...taintedIf(request.isTainted),
      },
    }
  }
  const { config, project } = known
    ? { config: known.config, project: (await draft()).project }
    : await takeLease(world, draft)
  const { uncommitted } = await orEndRun(world, config, async () => {
    const prepared = await prepareCheckpoint(world, decl, config)
    await writeFiles(workspace, files)
    return prepared
  })
  const warnings = [...project.warnings, ...uncommittedWarnings(uncommitted)]
  const { current, completed, total } = surveyProject(project, config, [])
  const tally: RunTally = { ...NO_TALLY, tasksCompleted: completed }
  await world.runs.writeHead({
    agent: config.agent,
    run: config.run,
    epoch: config.epoch,
    startedAt: config.startedAt,
    iteration: 0,
    task: current,
    tally,
    tasksTotal: total,
    lastVerdict: null,
    stopping: false,
    waiting: null,
    warnings,
    outcome: null,
  })
  for (const warning of warnings) world.output.warn(`${config.agent}: ${warning}`)
  world.audit.record({
    event: 'forge.start',
    agent: config.agent,
    run: config.run,
    requestId: request.requestId ?? null,
    metadata: {
      max_iterations: limits.maxIterations,
      max_cost: limits.maxCost,
      max_tokens: limits.maxTokens,
      driver: config.driver,
    },
  })
  return config
}

const START_TTL_MS = 60_000
const START_WAIT_MS = 20_000

/** Two deliveries of one start: the second comes when the first is done, and finds its run. */
async function oneAtATime<T>(
  world: World,
  agent: string,
  { run }: { readonly run: string },
  work: () => Promise<T>,
): Promise<T> {
  const lease = await world.fileLeases.acquire(`/forge/${agent}/start/${run}`, {
    ttlMs: START_TTL_MS,
    waitMs: START_WAIT_MS,
  })
  if (lease === null) throw new Fault('run_busy', { run })
  try {
    return await work()
  } finally {
    await lease.release()
  }
}

/** The run that an earlier delivery of this start began; one that died then may not have written its files. */
async function begunBefore(
  world: World,
  agent: string,
  once: StartRequest['once'],
): Promise<{ readonly config: RunConfig; readonly isPrepared: boolean } | null> {
  if (once === undefined) return null
  const ref = { agent, run: once.run }
  const config = await world.runs.config(ref)
  if (config === null) return null
  if (config.fingerprint !== once.fingerprint) throw new Fault('idempotency_conflict')
  const head = await world.runs.runHead(ref)
  // The first head that a run is given counts no tasks; every plan, and a run without one, has at least one.
  return { config, isPrepared: head !== null && (head.tasksTotal > 0 || head.outcome !== null) }
}

const UNCOMMITTED_SHOWN = 3

export function uncommittedWarnings(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return []
  const rest = paths.length - UNCOMMITTED_SHOWN
  const shown = paths.slice(0, UNCOMMITTED_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
  return [`uncommitted changes in the workspace (${shown}): the first checkpoint commits them with its task`]
}

export function limitsOf(
  decl: ForgeDecl,
  request: Pick<StartRequest, 'maxIterations' | 'maxCost' | 'maxTokens'>,
): Pick<RunConfig, 'maxIterations' | 'maxCost' | 'maxTokens'> {
  const maxIterations = request.maxIterations ?? decl.loop.maxIterations
  const maxCost = request.maxCost ?? decl.loop.maxCost
  const maxTokens = request.maxTokens ?? decl.loop.maxTokens
  if (!Number.isInteger(maxIterations) || maxIterations < 1 || maxIterations > MAX_ITERATIONS) {
    throw badLimit('max_iterations', maxIterations, `a whole number from 1 to ${MAX_ITERATIONS}`)
  }
  if (!Number.isFinite(maxCost) || maxCost <= 0) throw badLimit('max_cost', maxCost, 'a number above 0')
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw badLimit('max_tokens', maxTokens, 'a whole number above 0')
  }
  return { maxIterations, maxCost, maxTokens }
}

const badLimit = (name: string, value: unknown, accepted: string): Fault =>
  new Fault('bad_request', { problem: `${name} must be ${accepted}, got ${value}`, field: name })

interface Draft {
  readonly config: Omit<RunConfig, 'epoch'>
  readonly project: Project
}

/**
 * A lease whose driver died is freed first, which may settle work that the new run then finds done; a living one
 * refuses with `already_running`.
 */
async function takeLease(
  world: World,
  draft: () => Promise<Draft>,
): Promise<{ readonly config: RunConfig; readonly project: Project }> {
  const first = await draft()
  const taken = await world.runs.start(first.config)
  if (taken.kind === 'started') return { ...first, config: taken.config }
  if (await closeAbandoned(world, taken)) {
    const second = await draft()
    const retaken = await world.runs.start(second.config)
    if (retaken.kind === 'started') return { ...second, config: retaken.config }
  }
  throw await alreadyRunning(world, taken)
}

/** Under the lease, because it must not disturb the checkpoints of a living run. */
const prepareCheckpoint = async (world: World, decl: ForgeDecl, config: RunConfig): Promise<Preparation> =>
  await world.checkpoints
    .open(decl.checkpoint, config.workspace, decl.name)
    .prepare(config.run, loopFiles(decl))

/** What fails here ends the run that has just taken the lease. */
async function orEndRun<T>(world: World, config: RunConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const message = error instanceof Fault ? faultText(error) : 'internal error'
    await endRun(
      world,
      config,
      { outcome: 'error', message },
      { iterations: 0, tally: NO_TALLY, tasksTotal: Math.max(1, config.tasksAtStart) },
    )
    throw error
  }
}
