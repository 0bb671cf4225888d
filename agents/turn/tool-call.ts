import type { SkillDecl } from '../../bytecode/manifest.ts'
import { HostError } from '../../vm/host.ts'
import { ProgramError } from '../../vm/program.ts'
import { stringify } from '../../vm/values/json.ts'
import { RuntimeError } from '../../vm/values/runtime-error.ts'
import { textOf } from '../../vm/values/text.ts'
import type { Value } from '../../vm/values/value.ts'
import { applyGuards } from '../limits/guards.ts'
import { Fault, faultText } from '../ports/fault.ts'
import type { ToolCall } from '../ports/model.ts'
import { taintAttributes } from '../tracing/agent-span.ts'
import { GEN_AI } from '../tracing/conventions.ts'
import { toolSpan } from '../tracing/tool-span.ts'
import type { World } from '../world.ts'
import { readArguments } from './arguments.ts'
import type { Gate, ToolLeave } from './gate.ts'
import { handOverWhenDue } from './hand-over.ts'
import type { Scene } from './scene.ts'
import { shorten } from './shorten.ts'
import { statisticsOf } from './statistics.ts'
import { recordTaint, TAINT_SOURCE } from './taint.ts'

/** What goes back to the model. */
export interface ToolResult {
  readonly content: string
  readonly isError: boolean
  /** Strangers may have written the content. */
  readonly untrusted?: true
}

export interface ToolCallRequest {
  readonly world: World
  readonly scene: Scene
  readonly gate: Gate
  /** The skills the agent may use. */
  readonly skills: ReadonlyMap<string, SkillDecl>
  readonly call: ToolCall
  /** Number of the call among the turn's steps. */
  readonly step: number
  /** Called right before the skill itself starts. */
  begin(): Promise<void>
}

/** Characters of a result that the model gets. */
const MAX_RESULT = 64 * 1024

const UNKNOWN_OUTCOME =
  'Tool error: the outcome of this call is unknown, because it was interrupted while it ran. It may have taken effect: find out, or ask, before you repeat it.'

const failed = (content: string): ToolResult => ({ content: shorten(content, MAX_RESULT), isError: true })

/**
 * One tool call of the model (chapter 24.3, step 4). Whatever the model did wrong, and whatever the skill ran into,
 * becomes a result that it can react to; only the gate's Faults and the world's own failures are thrown.
 */
export async function callTool(request: ToolCallRequest): Promise<ToolResult> {
  const { world, scene, gate, skills, call } = request
  const skill = skills.get(call.name)
  if (!skill) return failed(unknownTool(call.name, skills))

  const asked = readArguments(skill, call.arguments)
  if (asked.kind === 'invalid') return failed(`Tool error: ${asked.problem}`)
  const guarded = await guard(world, scene, 'tool_input', stringify(new Map(asked.values)))
  if (guarded.isError) return guarded
  const given = readArguments(skill, guarded.content)
  if (given.kind === 'invalid') return failed(`Tool error: a guard left unusable arguments: ${given.problem}`)
  // a call that has begun is not cut off: it begins only where there is time for it
  handOverWhenDue(world, scene)

  const leave = await gate.beforeTool(skill, guarded.content, request.step, scene.taint.sources)
  if (leave.kind === 'refuse') return failed(leave.text)
  const earlier = leave.kind === 'approved' ? await spend(leave, skill) : null
  if (earlier !== null) return await guardResult(world, scene, earlier)

  await request.begin()
  statisticsOf(world).toolCalled(scene.agent.name, skill.name)
  const result = await traced(request, guarded.content, () => heard(world, scene, skill, given.values))
  if (leave.kind === 'approved') await leave.approval.keep(result)
  world.audit.record({
    event: 'tool.call',
    agent: scene.agent.name,
    tool: skill.name,
    detail: result.isError ? 'error' : 'ok',
    requestId: scene.requestId,
    ...(scene.session === null ? {} : { sessionKey: scene.session.key }),
  })
  return await guardResult(world, scene, result)
}

async function traced(
  { world, scene, call }: ToolCallRequest,
  args: string,
  execute: () => Promise<ToolResult>,
): Promise<ToolResult> {
  return await world.tracing.span(toolSpan(scene.agent, call, scene.session?.key ?? null), async (span) => {
    const result = await execute()
    if (result.isError) span.fail('tool_error')
    span.set(taintAttributes(result.untrusted === true))
    span.content(() => ({ [GEN_AI.toolArguments]: args, [GEN_AI.toolResult]: result.content }))
    return result
  })
}

/** Of a call that was begun, and cut off before its result was kept. */
export const unknownOutcome = (): ToolResult => failed(UNKNOWN_OUTCOME)

/** Null: the call may be made now. Otherwise it was made before, and is not made again. */
async function spend(
  { approval }: Extract<ToolLeave, { readonly kind: 'approved' }>,
  skill: SkillDecl,
): Promise<ToolResult | null> {
  if (await approval.spend()) return null
  const earlier = await approval.earlier()
  if (earlier !== null) return earlier
  return skill.idempotent ? null : unknownOutcome()
}

async function guardResult(world: World, scene: Scene, result: ToolResult): Promise<ToolResult> {
  if (result.isError) return result
  const guarded = await guard(world, scene, 'tool_output', result.content)
  return result.untrusted ? { ...guarded, untrusted: true } : guarded
}

function unknownTool(name: string, skills: ReadonlyMap<string, SkillDecl>): string {
  const available = [...skills.keys()].join(', ')
  return `Unknown tool: ${name}. Available tools: ${available === '' ? 'none' : available}`
}

/** A blocked text never reaches the other side; the model learns that it was blocked. */
async function guard(
  world: World,
  scene: Scene,
  phase: 'tool_input' | 'tool_output',
  text: string,
): Promise<ToolResult> {
  try {
    return { content: await applyGuards(world, scene, phase, text), isError: false }
  } catch (error) {
    if (error instanceof Fault && error.code === 'guard_blocked')
      return failed(`Tool error: ${faultText(error)}`)
    throw error
  }
}

/**
 * What strangers wrote has come in when the skill is declared to bring it, and when its code was given some: by an
 * agent that it asked, or out of the memory.
 */
async function heard(
  world: World,
  scene: Scene,
  skill: SkillDecl,
  args: ReadonlyMap<string, Value>,
): Promise<ToolResult> {
  const { isTainted, additions } = scene.taint
  const result = await run(world, scene, skill, args)
  const untrusted = skill.untrusted || scene.taint.additions > additions
  if (!untrusted) return result
  scene.taint.add(TAINT_SOURCE.result(skill.name))
  if (!isTainted) recordTaint(world, scene, skill.name)
  return { ...result, untrusted }
}

/** What a skill throws is its answer. A mistake in its code is that, too, and its author is told where. */
async function run(
  world: World,
  scene: Scene,
  skill: SkillDecl,
  args: ReadonlyMap<string, Value>,
): Promise<ToolResult> {
  try {
    return {
      content: shorten(resultText(await scene.callTool(skill.name, args)), MAX_RESULT),
      isError: false,
    }
  } catch (error) {
    if (!(error instanceof ProgramError || error instanceof RuntimeError)) throw error
    if (isMistake(error)) world.output.warn(`skill ${skill.name} failed`, error)
    return failed(`Tool error: ${error.message}`)
  }
}

/** Neither thrown by the program nor a refusal of what it asked the world for. */
const isMistake = (error: ProgramError | RuntimeError): boolean =>
  !(error instanceof ProgramError && (error.kind === 'thrown' || error.cause instanceof HostError))

/** Lists and maps go to the model as JSON (design 2.5), everything else as the language prints it. */
function resultText(value: Value): string {
  if (!Array.isArray(value) && !(value instanceof Map)) return textOf(value)
  try {
    return stringify(value)
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'json') return textOf(value)
    throw error
  }
}
