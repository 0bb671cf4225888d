import type { LoopDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { RunConfig, VerifiedTask } from '../ports/runs.ts'
import type { Workspace } from '../ports/workspace.ts'
import { parseLearnings } from './learnings.ts'
import { type PlanState, type PlanTask, parsePlan, surveyPlan } from './plan.ts'
import { type ProgressEntry, parseProgress } from './progress.ts'

/** The four loop files as they are now (chapter 25.8: read afresh by each iteration). */
export interface Project {
  readonly prompt: string | null
  /** Plan and progress file as they stand on disk, to see changes by. */
  readonly planText: string | null
  readonly progressText: string | null
  /** Null: the run is a single task. */
  readonly tasks: readonly PlanTask[] | null
  readonly progress: readonly ProgressEntry[]
  /** Oldest first. */
  readonly learnings: readonly string[]
  readonly warnings: readonly string[]
}

export type Readable = Pick<Workspace, 'read' | 'readEnd'>

/** Of the progress file when a run starts: what is done is taken from it. Tens of thousands of tasks. */
const MAX_PROGRESS_BYTES = 5 * 1024 * 1024
/** Of a file that only grows and is read again and again. */
export const END_BYTES = 1024 * 1024

/**
 * Reads the loop files. A missing one is nothing, with a warning for plan and prompt (design 9.5). During a run, progress
 * and learnings are exports (design 9.6): what is wrong with them is a warning. Throws `path_refused` for a file that
 * cannot be read (`during` the start: the progress file, too), and `plan_invalid`.
 */
export async function readProject(
  workspace: Readable,
  loop: LoopDecl,
  during: 'start' | 'run',
): Promise<Project> {
  const warnings: string[] = []
  const plan = await readFile(workspace, loop.planFile)
  if (loop.planFile !== null && plan === null) {
    warnings.push(`plan file ${loop.planFile} does not exist: running as a single task`)
  }
  const prompt = await readFile(workspace, loop.promptFile)
  if (loop.promptFile !== null && prompt === null) {
    warnings.push(`prompt file ${loop.promptFile} does not exist: running without it`)
  }
  const progressText =
    during === 'start'
      ? await readAllProgress(workspace, loop.progressFile)
      : await readExport(workspace, 'progress', loop.progressFile, warnings)
  const progress = parseProgress(progressText ?? '')
  if (progress.damaged > 0) {
    warnings.push(`progress file ${loop.progressFile}: ${lines(progress.damaged)} could not be read`)
  }
  return {
    prompt,
    planText: plan,
    progressText,
    tasks: plan === null ? null : parsePlan(plan, loop.planFile!),
    progress: progress.entries,
    learnings: parseLearnings((await readExport(workspace, 'learnings', loop.learningsFile, warnings)) ?? ''),
    warnings,
  }
}

export const lines = (count: number): string => `${count} ${count === 1 ? 'line' : 'lines'}`

const readFile = async (workspace: Readable, path: string | null): Promise<string | null> =>
  path === null ? null : await workspace.read(path)

/** All of the progress file; too much of it is no start, because tasks that are done would be done again. */
async function readAllProgress(workspace: Readable, path: string | null): Promise<string | null> {
  if (path === null) return null
  const end = await workspace.readEnd(path, MAX_PROGRESS_BYTES)
  if (end === null || end.leftOut === 0) return end?.text ?? null
  throw new Fault('path_refused', {
    path,
    problem: `it has ${end.leftOut + Buffer.byteLength(end.text)} bytes; at most ${MAX_PROGRESS_BYTES} are read: keep the lines of tasks that are done, or move it away to do all of them again`,
  })
}

/** The newest lines of a file that helps a run and stops none. */
async function readExport(
  workspace: Readable,
  kind: 'progress' | 'learnings',
  path: string | null,
  warnings: string[],
): Promise<string | null> {
  if (path === null) return null
  try {
    const end = await workspace.readEnd(path, END_BYTES)
    if (end !== null && end.leftOut > 0)
      warnings.push(
        `${kind} file ${path} is left out: its first ${end.leftOut} bytes, all but the newest lines`,
      )
    return end?.text ?? null
  } catch (error) {
    warnings.push(`${kind} file ${path} is left out: ${refusal(error)}`)
    return null
  }
}

/** Why a file of the workspace was refused; throws every other error again. */
export function refusal(error: unknown): string {
  if (!(error instanceof Fault && error.code === 'path_refused')) throw error
  return String(error.data.problem)
}

/** Where the plan stands: run records plus the progress lines found at the start (design 9.6). */
export function surveyProject(
  project: Project,
  config: Pick<RunConfig, 'tasksAtStart' | 'doneAtStart'>,
  verified: readonly VerifiedTask[],
): PlanState {
  if (project.tasks === null) {
    return { current: verified.length > 0 ? null : '', completed: Math.min(verified.length, 1), total: 1 }
  }
  return surveyPlan(project.tasks, [...config.doneAtStart, ...verified.map(({ task }) => task)])
}

/** Lines in the progress file that neither stood there at the start nor come from this run. */
export function foreignLines(project: Project, config: RunConfig, verified: readonly VerifiedTask[]): number {
  const own = new Set(verified.map(({ iteration }) => iteration))
  const others = project.progress.filter(({ run, iteration }) => run !== config.run || !own.has(iteration))
  return Math.max(0, others.length - config.doneAtStart.length)
}

/** Plan and progress file belong to people and verify; what commands of the model did to them is reported. */
export async function changesDuring(
  project: Project,
  workspace: Readable,
  loop: LoopDecl,
  iteration: number,
): Promise<readonly string[]> {
  const changes: string[] = []
  const compare = (kind: string, path: string | null, before: string | null, now: string | null) => {
    if (now !== before) changes.push(`${kind} file ${path} was changed while iteration ${iteration} worked`)
  }
  compare('plan', loop.planFile, project.planText, await readFile(workspace, loop.planFile))
  const progress = await readExport(workspace, 'progress', loop.progressFile, changes)
  compare('progress', loop.progressFile, project.progressText, progress)
  return changes
}
