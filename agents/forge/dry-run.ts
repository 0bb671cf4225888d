import { findAgent } from '../find-agent.ts'
import { switchedOff } from '../limits/kill-switch.ts'
import type { RunConfig, RunRef } from '../ports/runs.ts'
import { requirePrice } from '../turn/model-access.ts'
import { costOf } from '../turn/prices.ts'
import { estimateMessage, estimateRequest } from '../turn/tokens.ts'
import { skillsOf, toolSpec } from '../turn/tools.ts'
import type { World } from '../world.ts'
import { alreadyRunning } from './already-running.ts'
import { briefMessages } from './brief.ts'
import { isAbandoned } from './claim.ts'
import { loopFiles } from './incoming.ts'
import { markDone } from './plan.ts'
import { type Readable, readProject, surveyProject } from './project.ts'
import { outputLimit } from './run-budget.ts'
import { limitsOf, type StartRequest, uncommittedWarnings } from './start.ts'

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

export interface DryRunRequest
  extends Pick<StartRequest, 'agent' | 'maxIterations' | 'maxCost' | 'maxTokens' | 'workspace'> {
  /** False: nothing ever ran on the tree, and it is not asked, which would make it. Default true. */
  readonly hasTree?: boolean
}

/**
 * Everything that a start looks at, without a model call, a lease or a write. Throws what `startForge` throws for the
 * declaration, the limits, the kill switch, the price, a live run, the workspace's repository and the plan.
 */
export async function dryRunForge(world: World, request: DryRunRequest): Promise<DryRun> {
  const decl = findAgent(world, 'forge', request.agent)
  const limits = limitsOf(decl, request)
  const { hasTree = true } = request
  const refusal = hasTree ? await switchedOff(world, decl.name) : null
  if (refusal !== null) throw refusal
  const price = await requirePrice(world, decl, 'max_cost')
  const root = world.workspaces.resolve(decl.name, request.workspace ?? decl.workspace)
  const left = hasTree ? await leftRun(world, { agent: decl.name, workspace: root }) : null
  const exists = await world.workspaces.exists(root)
  const opened = exists ? await world.workspaces.open(root) : null
  const isNew = request.workspace === undefined && (opened === null || (await opened.isEmpty([])))
  const beside = isNew ? await world.workspaces.beside(decl.workspace, root) : null
  const workspace = beside ?? opened ?? NOTHING
  const project = await readProject(workspace, decl.loop, 'start')
  const checkpoint = world.checkpoints.open(decl.checkpoint, root, decl.name)
  const { uncommitted } = exists ? await checkpoint.look(loopFiles(decl)) : { uncommitted: [] }
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
    warnings: [...project.warnings, ...uncommittedWarnings(uncommitted), ...leftWarnings(left)],
  }
}

/** The run that a start would end first, because nobody works on it any more. @throws Fault `already_running` for another */
async function leftRun(
  world: World,
  place: { readonly agent: string; readonly workspace: string },
): Promise<RunRef | null> {
  const ref = await world.runs.inTheWay(place)
  if (ref !== null && !(await isAbandoned(world, ref))) throw await alreadyRunning(world, ref)
  return ref
}

const leftWarnings = (left: RunRef | null): readonly string[] =>
  left === null
    ? []
    : [
        `run ${left.run} of ${left.agent} was left unfinished: a new run ends it and keeps its verified tasks, neam-forge --resume goes on with it`,
      ]
