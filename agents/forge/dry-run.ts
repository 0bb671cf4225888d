import { findAgent } from '../find-agent.ts'
import type { RunConfig } from '../ports/runs.ts'
import { requirePrice } from '../turn/model-access.ts'
import { costOf } from '../turn/prices.ts'
import { estimateMessage, estimateRequest } from '../turn/tokens.ts'
import { skillsOf, toolSpec } from '../turn/tools.ts'
import type { World } from '../world.ts'
import { briefMessages } from './brief.ts'
import { markDone } from './plan.ts'
import { type Readable, readProject, surveyProject } from './project.ts'
import { outputLimit } from './run-budget.ts'
import { limitsOf, type StartRequest } from './start.ts'

/** What a run would begin with. Money is USD; tokens are estimated. */
export interface DryRun {
  readonly agent: string
  readonly provider: string
  readonly model: string
  readonly workspace: string
  /** False: the run would make the folder. */
  readonly workspace_exists: boolean
  readonly checkpoint: 'git' | 'snapshot' | 'none'
  readonly max_iterations: number
  readonly max_cost: number
  readonly max_tokens: number
  /** Null without a plan: the run is a single task. */
  readonly tasks: readonly { readonly text: string; readonly done: boolean }[] | null
  readonly tasks_completed: number
  readonly tasks_total: number
  /** The task that the first iteration would take, "" without a plan; null when all are done. */
  readonly next_task: string | null
  /** The first request: its messages in order, and the tools that go with it. */
  readonly prompt: {
    readonly messages: readonly { readonly role: string; readonly tokens: number }[]
    readonly tools: number
    readonly tokens: number
  }
  /** The most that the first model call can cost; all of them together stop at `max_cost`. */
  readonly first_call_cost: number
  readonly warnings: readonly string[]
}

const NOTHING: Readable = { read: async () => null, readEnd: async () => null }

/**
 * Everything that a start looks at, without a model call, a lease or a write. Throws what `startForge` throws for the
 * declaration, the limits, the price and the plan.
 */
export async function dryRunForge(
  world: World,
  request: Pick<StartRequest, 'agent' | 'maxIterations' | 'maxCost' | 'maxTokens' | 'workspace'>,
): Promise<DryRun> {
  const decl = findAgent(world, 'forge', request.agent)
  const limits = limitsOf(decl, request)
  const price = await requirePrice(world, decl)
  const root = world.workspaces.resolve(decl.name, request.workspace ?? decl.workspace)
  const exists = await world.workspaces.exists(root)
  const opened = exists ? await world.workspaces.open(root) : null
  const isNew = request.workspace === undefined && (opened === null || (await opened.isEmpty([])))
  const beside = isNew ? await world.workspaces.beside(decl.workspace, root) : null
  const workspace = beside ?? opened ?? NOTHING
  const project = await readProject(workspace, decl.loop, 'start')
  const done: Pick<RunConfig, 'tasksAtStart' | 'doneAtStart'> = {
    tasksAtStart: project.tasks?.length ?? 0,
    doneAtStart: project.progress.map(({ task }) => task),
  }
  const { current, completed, total } = surveyProject(project, done, [])
  const messages = briefMessages({
    system: decl.system,
    prompt: project.prompt,
    task: project.tasks === null ? null : current,
    completed: done.doneAtStart.map((task) => ({ task, iteration: 0 })),
    learnings: project.learnings,
    feedback: null,
    sameFeedback: 0,
    decisions: [],
  })
  const tools = [...skillsOf(world, decl).values()].map(toolSpec)
  const tokens = estimateRequest(messages, tools)
  const worst = { inputTokens: tokens, outputTokens: outputLimit(price), cachedTokens: 0, estimated: true }
  return {
    agent: decl.name,
    provider: decl.provider,
    model: decl.model,
    workspace: root,
    workspace_exists: exists,
    checkpoint: decl.checkpoint,
    max_iterations: limits.maxIterations,
    max_cost: limits.maxCost,
    max_tokens: limits.maxTokens,
    tasks: project.tasks && markDone(project.tasks, done.doneAtStart),
    tasks_completed: completed,
    tasks_total: total,
    next_task: current,
    prompt: {
      messages: messages.map((message) => ({ role: message.role, tokens: estimateMessage(message) })),
      tools: tools.length,
      tokens,
    },
    first_call_cost: Math.min(costOf(price, worst), limits.maxCost),
    warnings: project.warnings,
  }
}
