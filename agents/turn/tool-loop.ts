import type { SkillDecl } from '../../bytecode/manifest.ts'
import { framedResult } from '../ports/framed.ts'
import type { ModelMessage, TextListener, ToolCall, Usage } from '../ports/model.ts'
import type { World } from '../world.ts'
import type { Gate } from './gate.ts'
import { callModel } from './model-call.ts'
import type { Scene } from './scene.ts'
import type { StepJournal } from './step-journal.ts'
import { type ModelStep, Steps, type ToolStep } from './steps.ts'
import { throwIfStopped } from './stop.ts'
import { TAINT_SOURCE } from './taint.ts'
import { callTool, type ToolResult, unknownOutcome } from './tool-call.ts'
import { skillsOf, toolSpec } from './tools.ts'
import { addUsage, NO_USAGE } from './usage.ts'

export type { Gate } from './gate.ts'
export type { StepJournal } from './step-journal.ts'

export interface ToolLoopRequest {
  readonly world: World
  readonly scene: Scene
  readonly messages: readonly ModelMessage[]
  /** Null = nothing is kept. */
  readonly journal: StepJournal | null
  readonly gate: Gate
  /** Rounds of tool calls; default 25, or the environment variable NEAM_MAX_TOOL_STEPS (1 .. 1000). */
  readonly maxSteps?: number
  /** Who wants to know the text of a model call while it is written, by the number of its step. */
  readonly listenerOf?: (step: number) => TextListener | null
}

export interface ToolLoopResult {
  /** The model's last text; "" when it gave none. */
  readonly text: string
  readonly usage: Usage
  /** USD. */
  readonly cost: number
  readonly modelCalls: number
  readonly toolCalls: number
}

const DEFAULT_STEPS = 25
const MAX_STEPS = 1000
/** Tool calls of one turn; further ones are refused to the model. */
const MAX_TOOL_CALLS = 100

const EXHAUSTED = 'Max tool call steps reached without completion.'
const TOO_MANY = `Tool error: this turn has used its ${MAX_TOOL_CALLS} tool calls`

/**
 * Model, tools, model, ... until the model answers without asking for a tool (chapter 24.3, step 4). Each finished step
 * is recorded before its result is used. Throws what the gate and the provider throw.
 */
export async function toolLoop(request: ToolLoopRequest): Promise<ToolLoopResult> {
  const { world, scene, gate } = request
  const skills = skillsOf(world, scene.agent)
  const tools = [...skills.values()].map(toolSpec)
  const maxSteps = request.maxSteps ?? configuredSteps(world)
  const steps = new Steps(request.journal)
  const messages = [...request.messages]
  const ids = new Set<string>()
  let usage = NO_USAGE
  let cost = 0
  let toolCalls = 0
  let text = ''

  for (let round = 0; ; round += 1) {
    const step = await steps.model((index) => {
      const listener = request.listenerOf?.(index) ?? null
      return modelStep({ world, scene, gate, messages, tools, listener }, ids)
    })
    for (const { id } of step.toolCalls) ids.add(id)
    scene.taint.add(...(step.taint ?? []))
    usage = addUsage(usage, step.usage)
    cost += step.cost
    if (step.text.trim() !== '') text = step.text
    const modelCalls = round + 1
    if (step.toolCalls.length === 0) {
      return {
        text: step.text.trim() === '' ? '' : step.text,
        usage,
        cost,
        modelCalls,
        toolCalls,
      }
    }
    if (round >= maxSteps) {
      return { text: text === '' ? EXHAUSTED : text, usage, cost, modelCalls, toolCalls }
    }
    messages.push({ role: 'assistant', content: step.text, toolCalls: step.toolCalls })
    for (const call of step.toolCalls) {
      throwIfStopped(scene.signal)
      const refused = toolCalls >= MAX_TOOL_CALLS
      const result = await toolStep({ ...request, skills, steps, call, refused })
      messages.push({ role: 'tool', callId: call.id, name: call.name, content: shown(result) })
      if (result.untrusted) scene.taint.add(TAINT_SOURCE.result(call.name))
      toolCalls += 1
    }
  }
}

function configuredSteps(world: World): number {
  const steps = Number(world.env('NEAM_MAX_TOOL_STEPS') ?? DEFAULT_STEPS)
  return Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS ? steps : DEFAULT_STEPS
}

async function modelStep(
  request: Pick<ToolLoopRequest, 'world' | 'scene' | 'gate' | 'messages'> & {
    readonly tools: Parameters<typeof callModel>[1]['tools']
    readonly listener: TextListener | null
  },
  ids: Set<string>,
): Promise<ModelStep> {
  const { scene, ...rest } = request
  const { reply, cost } = await callModel(request.world, { ...rest, agent: scene.agent, call: scene })
  const toolCalls = reply.toolCalls.map((call) => ({ ...call, id: uniqueId(call.id, ids) }))
  const { taint } = scene
  return {
    kind: 'model',
    text: reply.text,
    toolCalls,
    usage: reply.usage,
    cost,
    ...(taint.isTainted ? { taint: taint.sources } : {}),
  }
}

/** What the model gets of a result. */
const shown = ({ name, content, untrusted }: ToolStep): string =>
  untrusted ? framedResult(name, content) : content

/** Vendors refuse a history in which two calls have one id; models are known to repeat theirs. */
function uniqueId(id: string, taken: Set<string>): string {
  const base = id === '' ? 'call' : id
  let unique = base
  for (let n = 2; taken.has(unique); n += 1) unique = `${base}-${n}`
  taken.add(unique)
  return unique
}

async function toolStep(
  request: Pick<ToolLoopRequest, 'world' | 'scene' | 'gate'> & {
    readonly skills: ReadonlyMap<string, SkillDecl>
    readonly steps: Steps
    readonly call: ToolCall
    /** The turn has made too many calls already. */
    readonly refused: boolean
  },
): Promise<ToolStep> {
  const { call, skills, refused } = request
  const step = ({ content, isError, untrusted }: ToolResult): ToolStep => ({
    kind: 'tool',
    callId: call.id,
    name: call.name,
    content,
    isError,
    ...(untrusted ? { untrusted } : {}),
  })
  return await request.steps.tool({
    repeatable: skills.get(call.name)?.idempotent ?? false,
    make: async (index, begin) =>
      step(
        refused ? { content: TOO_MANY, isError: true } : await callTool({ ...request, step: index, begin }),
      ),
    unknown: () => step(unknownOutcome()),
  })
}
