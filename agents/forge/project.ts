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

type Readable = Pick<Workspace, 'read'>

/**
 * Reads the loop files. A missing one is nothing, with a warning for plan and prompt (design 9.5). Throws
 * `path_refused` for one that cannot be read, and `plan_invalid`.
 */
export async function readProject(workspace: Readable, loop: LoopDecl): Promise<Project> {
  const warnings: string[] = []
  const plan = await readFile(workspace, loop.planFile)
  if (loop.planFile !== null && plan === null) {
    warnings.push(`plan file ${loop.planFile} does not exist: running as a single task`)
  }
  const prompt = await readFile(workspace, loop.promptFile)
  if (loop.promptFile !== null && prompt === null) {
    warnings.push(`prompt file ${loop.promptFile} does not exist: running without it`)
  }
  const progressText = await readFile(workspace, loop.progressFile)
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
    learnings: await readLearnings(workspace, loop.learningsFile, warnings),
    warnings,
  }
}

export const lines = (count: number): string => `${count} ${count === 1 ? 'line' : 'lines'}`

const readFile = async (workspace: Readable, path: string | null): Promise<string | null> =>
  path === null ? null : await workspace.read(path)

/** Learnings help; a file that cannot be read stops no run. */
async function readLearnings(
  workspace: Readable,
  path: string | null,
  warnings: string[],
): Promise<readonly string[]> {
  try {
    return parseLearnings((await readFile(workspace, path)) ?? '')
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'path_refused')) throw error
    warnings.push(`learnings file ${path} is left out: ${error.data.problem}`)
    return []
  }
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
  const compare = async (kind: string, path: string | null, before: string | null) => {
    if ((await readFile(workspace, path)) !== before) {
      changes.push(`${kind} file ${path} was changed while iteration ${iteration} worked`)
    }
  }
  await compare('plan', loop.planFile, project.planText)
  await compare('progress', loop.progressFile, project.progressText)
  return changes
}
