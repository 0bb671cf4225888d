import { isoTime } from '../iso-time.ts'
import { applyGuards } from '../limits/guards.ts'
import { Fault, faultText } from '../ports/fault.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { IterationRecord, IterationWait, RunTally, Verdict } from '../ports/runs.ts'
import { blamingStorage, type StorageShare } from '../ports/storage-time.ts'
import { taintedIf } from '../ports/tainted.ts'
import { agentSpan, taintAttributes, usageAttributes } from '../tracing/agent-span.ts'
import { openScene, type Scene } from '../turn/scene.ts'
import { TAINT_SOURCE } from '../turn/taint.ts'
import { toolLoop } from '../turn/tool-loop.ts'
import { totalTokens } from '../turn/usage.ts'
import type { World } from '../world.ts'
import { type Brief, briefMessages } from './brief.ts'
import { excerpt } from './end.ts'
import { assertUnstopped, forgeGate, type Spent } from './gate.ts'
import { onOwnLine } from './json-line.ts'
import { extractLearnings, formatLearning } from './learnings.ts'
import { changesDuring, END_BYTES, type Project, refusal, surveyProject } from './project.ts'
import type { OpenRun } from './run-state.ts'
import { type Verification, verify } from './verify.ts'
import { decisionTexts } from './waiting.ts'

export interface AttemptOptions {
  /** The task in hand; "" without a plan. */
  readonly task: string
  /** 1 unless an earlier try of this iteration crashed. */
  readonly attempt: number
  readonly project: Project
  /** Tries of this iteration that ended waiting for a person. */
  readonly waits: readonly IterationWait[]
  /** Filled in as the work goes on. */
  readonly spent: Spent
  readonly deadlineAt: number
  readonly depth: number
  readonly signal: AbortSignal
}

export interface Attempt {
  readonly record: IterationRecord
  readonly warnings: readonly string[]
}

/** Verify callbacks in a row that may throw before the run is aborted (design 3.5). */
const MAX_VERIFY_ERRORS = 3

/** One try at the task in hand: fresh context, model and tools, learnings, verify (chapter 25.3, stages 2b to 2d). */
export async function attemptTask(run: OpenRun, options: AttemptOptions): Promise<Attempt> {
  const { world, config } = run
  const startedAt = isoTime(world.clock.now())
  const before = taskSoFar(run, options.task)
  const { verification, warnings, hasWorked, isTainted } = await world.storageTime.during((share) =>
    workAndVerify(run, options, before, share),
  )
  const { spent } = options
  const tally = {
    cost: run.tally.cost + spent.cost,
    tokens: run.tally.tokens + totalTokens(spent.usage),
    taskCost: before.cost + spent.cost,
    taskTokens: before.tokens + totalTokens(spent.usage),
    taskAttempts: before.attempts + 1,
    verifyErrors: verification.threw ? before.verifyErrors + 1 : 0,
    sameFeedback: repeats(verification.verdict, before),
  }
  const verdict = escalate(verification.verdict, tally, run.decl.loop.stuckAbort)
  const verified =
    verdict.kind === 'done'
      ? [...run.verified, { task: options.task, iteration: run.iteration }]
      : run.verified
  const { completed } = surveyProject(options.project, config, verified)
  const record: IterationRecord = {
    iteration: run.iteration,
    attempt: options.attempt,
    task: options.task,
    verdict,
    usage: spent.usage,
    cost: spent.cost,
    startedAt,
    finishedAt: isoTime(world.clock.now()),
    checkpoint: null,
    tally: { ...tally, tasksCompleted: completed },
    verified,
    ...taintedIf(isTainted),
  }
  const unworked = hasWorked ? null : unworkedWarning(record)
  return { record, warnings: unworked === null ? warnings : [...warnings, unworked] }
}

/** The task may have been done before, or verify looks at the wrong thing. */
function unworkedWarning({ verdict, task, iteration }: IterationRecord): string | null {
  if (verdict.kind !== 'done') return null
  const what = task === '' ? 'the work' : JSON.stringify(excerpt(task))
  return `iteration ${iteration}: ${what} was verified, though its model changed nothing in the workspace`
}

/** What earlier iterations did for the task in hand. */
interface TaskSoFar {
  readonly attempts: number
  readonly cost: number
  readonly tokens: number
  readonly feedback: string | null
  readonly verifyErrors: number
  readonly sameFeedback: number
  /** Text of strangers may have a part in the feedback. */
  readonly isTainted: boolean
}

function taskSoFar({ previous, tally }: OpenRun, task: string): TaskSoFar {
  if (previous?.verdict.kind !== 'retry' || previous.task !== task) {
    return {
      attempts: 0,
      cost: 0,
      tokens: 0,
      feedback: null,
      verifyErrors: 0,
      sameFeedback: 0,
      isTainted: false,
    }
  }
  return {
    attempts: tally.taskAttempts,
    cost: tally.taskCost,
    tokens: tally.taskTokens,
    feedback: previous.verdict.feedback,
    verifyErrors: tally.verifyErrors,
    sameFeedback: tally.sameFeedback,
    isTainted: previous.tainted === true,
  }
}

const repeats = (verdict: Verdict, before: TaskSoFar): number => {
  if (verdict.kind !== 'retry') return 0
  return verdict.feedback === before.feedback ? before.sameFeedback + 1 : 1
}

/** A Retry that has lost its point is an Abort. */
function escalate(
  verdict: Verdict,
  tally: Pick<RunTally, 'verifyErrors' | 'sameFeedback'>,
  stuckAbort: number | null,
): Verdict {
  if (verdict.kind !== 'retry') return verdict
  if (tally.verifyErrors >= MAX_VERIFY_ERRORS) {
    return {
      kind: 'abort',
      reason: `verify failed ${tally.verifyErrors} times in a row: ${verdict.feedback}`,
    }
  }
  if (stuckAbort !== null && tally.sameFeedback >= stuckAbort) {
    return {
      kind: 'abort',
      reason: `stuck: ${tally.sameFeedback} tries in a row ended the same way: ${verdict.feedback}`,
    }
  }
  return verdict
}

async function workAndVerify(
  run: OpenRun,
  options: AttemptOptions,
  before: TaskSoFar,
  storage: () => StorageShare,
): Promise<{
  readonly verification: Verification
  readonly warnings: readonly string[]
  /** False: it is certain that the model's work left no trace in the workspace. */
  readonly hasWorked: boolean
  /** Text of strangers has come in. */
  readonly isTainted: boolean
}> {
  const { world, decl, workspace, config } = run
  const { project, spent } = options
  const scene = await openScene(world, {
    agent: decl,
    depth: options.depth,
    workspace,
    deadlineAt: options.deadlineAt,
    signal: options.signal,
    taint: [
      ...(config.tainted ? [TAINT_SOURCE.caller] : []),
      ...(before.isTainted || spent.tainted ? [TAINT_SOURCE.earlierTry] : []),
    ],
    readOnlyPaths: [decl.loop.planFile, decl.loop.progressFile].filter((path) => path !== null),
  })
  const warnings: string[] = []
  let hasWorked = true
  try {
    const messages = await guarded(world, scene, briefMessages(await briefOf(run, options, before)))
    const gate = await forgeGate(run, spent)
    const answer = await world.tracing.span(agentSpan(decl, run.config.run), async (span) => {
      const work = await toolLoop({ world, scene, messages, journal: null, gate })
      span.set({ ...usageAttributes(work.usage), ...taintAttributes(scene.taint.isTainted) })
      return work
    })
    const text = await applyGuards(world, scene, 'output', answer.text)
    warnings.push(...(await changesDuring(project, workspace, decl.loop, run.iteration)))
    hasWorked = (await run.checkpoint.hasChanged(run.config.run, run.iteration)) !== false
    warnings.push(...(await keepLearnings(run, options, text, scene.taint.isTainted)))
  } catch (error) {
    const fault = error instanceof Fault ? blamingStorage(error, storage()) : null
    const feedback = fault === null ? null : feedbackOf(fault)
    if (fault === null || feedback === null) throw error
    if (fault.code === 'storage_slow') warnings.push(`iteration ${run.iteration}: ${faultText(fault)}`)
    const { isTainted } = scene.taint
    return {
      verification: { verdict: { kind: 'retry', feedback }, threw: false },
      warnings,
      hasWorked,
      isTainted,
    }
  }
  await assertUnstopped(run)
  const verification = await verify(scene.activation, decl.verify, {
    iteration: run.iteration,
    currentTask: options.task,
    feedback: before.feedback,
    totalCost: run.tally.cost + spent.cost,
    totalTokens: run.tally.tokens + totalTokens(spent.usage),
    workspace: workspace.root,
    attempt: before.attempts + 1,
  })
  return { verification, warnings, hasWorked, isTainted: scene.taint.isTainted }
}

const briefOf = async (
  { world, decl, config, verified }: OpenRun,
  { project, task, waits }: AttemptOptions,
  before: TaskSoFar,
): Promise<Brief> => ({
  system: decl.system,
  prompt: project.prompt,
  task: project.tasks === null ? null : task,
  completed: [...config.doneAtStart.map((done) => ({ task: done, iteration: 0 })), ...verified],
  learnings: project.learnings,
  feedback: before.feedback,
  sameFeedback: before.sameFeedback,
  decisions: await decisionTexts(world, waits),
})

/** Files and test output are as foreign as a user's message: what the input guards say about them holds. */
async function guarded(
  world: World,
  scene: Scene,
  messages: readonly ModelMessage[],
): Promise<readonly ModelMessage[]> {
  const checked: ModelMessage[] = []
  for (const message of messages) {
    checked.push(
      message.role === 'system'
        ? message
        : { ...message, content: await applyGuards(world, scene, 'input', message.content) },
    )
  }
  return checked
}

/** Ends of the model's work that the next try can learn from (design 9.9); null = not of this kind. */
function feedbackOf(fault: Fault): string | null {
  switch (fault.code) {
    case 'guard_blocked':
    case 'model_answer_empty':
      return faultText(fault)
    case 'deadline_exceeded':
      return 'The iteration ran out of time before its work was finished. What is written so far is kept: continue from there in smaller steps.'
    case 'storage_slow':
      return `The iteration ran out of time because its storage was slow (${faultText(fault)}). What is written so far is kept: continue from there.`
    default:
      return null
  }
}

/**
 * Appends what the model marked as learned, once. What it may have learned from strangers is marked, and no later
 * iteration is told of it. Answers warnings: of that, and of a file that cannot be read or written, which stops no run.
 */
async function keepLearnings(
  run: OpenRun,
  options: AttemptOptions,
  text: string,
  tainted: boolean,
): Promise<readonly string[]> {
  const path = run.decl.loop.learningsFile
  if (path === null) return []
  const found = extractLearnings(text, options.project.learnings)
  if (found.length === 0) return []
  const lines = found.map((learning) =>
    formatLearning({ learning, iteration: run.iteration, task: options.task, tainted }),
  )
  try {
    const existing = await run.workspace.readEnd(path, END_BYTES)
    await run.workspace.append(path, onOwnLine(existing?.text ?? null, lines.join('')))
    return tainted ? [quarantinedWarning(run.iteration, path, found.length)] : []
  } catch (error) {
    return [`learnings file ${path} lacks what iteration ${run.iteration} learned: ${refusal(error)}`]
  }
}

const quarantinedWarning = (iteration: number, path: string, count: number): string =>
  `iteration ${iteration}: ${count === 1 ? '1 learning is' : `${count} learnings are`} quarantined in ${path}, since text of strangers was read: take "tainted": true out of a line to let later iterations have it`
