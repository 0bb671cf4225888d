import type { AgentDecl } from '../../bytecode/manifest.ts'
import { agentGate } from '../limits/agent-gate.ts'
import { applyGuards } from '../limits/guards.ts'
import { applyLinkRule } from '../links/apply.ts'
import { observe } from '../monitoring/observe.ts'
import { Fault } from '../ports/fault.ts'
import type { ModelMessage, Usage } from '../ports/model.ts'
import { agentSpan, taintAttributes, usageAttributes } from '../tracing/agent-span.ts'
import type { World } from '../world.ts'
import { admit } from './admission.ts'
import type { CallContext } from './call-context.ts'
import { callModel } from './model-call.ts'
import type { Scene } from './scene.ts'
import { statisticsOf } from './statistics.ts'
import { type ToolLoopResult, toolLoop } from './tool-loop.ts'
import { totalTokens } from './usage.ts'

export interface OnceRequest {
  readonly agent: AgentDecl
  readonly message: string
  /** False: a single model call without tools, as `spawn` makes it (chapter 28.6). */
  readonly tools: boolean
  readonly call: CallContext
}

export interface OnceAnswer {
  readonly text: string
  readonly usage: Usage
  /** USD. */
  readonly cost: number
  /** Text of strangers may have a part in it. */
  readonly isTainted: boolean
}

/**
 * An answer without a session: the stages of chapter 24.3 for a stateless agent, and for whatever is spawned. Nothing
 * is kept. Throws what `admit`, the gate and the provider throw, and `model_answer_empty`.
 */
export async function askOnce(world: World, request: OnceRequest): Promise<OnceAnswer> {
  return await world.tracing.span(agentSpan(request.agent, null), async (span) => {
    const answer = await answerOnce(world, request)
    span.set({ ...usageAttributes(answer.usage), ...taintAttributes(answer.isTainted) })
    return answer
  })
}

async function answerOnce(world: World, request: OnceRequest): Promise<OnceAnswer> {
  const { agent, call } = request
  const startedAt = world.clock.now()
  const { scene, message } = await admit(world, request)
  world.audit.record({ event: 'agent.invoke', agent: agent.name, requestId: call.requestId })
  const messages: ModelMessage[] = [{ role: 'user', content: message }]
  if (agent.system !== '') messages.unshift({ role: 'system', content: agent.system })
  const work = await (request.tools ? withTools : withoutTools)(world, scene, messages)
  const { text, usage, cost } = work
  if (text.trim() === '') throw new Fault('model_answer_empty', { model: agent.model })
  const guarded = await applyGuards(world, scene, 'output', text)
  const own = (call.taint ?? []).length === 0 ? request.message : ''
  const answer = await applyLinkRule(world, scene, own, guarded)
  const latencyMs = world.clock.now() - startedAt
  statisticsOf(world).answered(agent.name, latencyMs)
  world.audit.record({
    event: 'agent.answer',
    agent: agent.name,
    requestId: call.requestId,
    metadata: {
      model_calls: work.modelCalls,
      tool_calls: work.toolCalls,
      tokens: totalTokens(usage),
      cost_usd: cost,
      latency_ms: latencyMs,
    },
  })
  // what a forge agent's baseline speaks of are runs
  if (agent.kind !== 'forge') {
    const values = {
      tool_calls: work.toolCalls,
      response_time_ms: latencyMs,
      cost,
      tokens: totalTokens(usage),
    }
    await observe(world, agent, { id: world.ids.next(), values }, call)
  }
  return { text: answer, usage, cost, isTainted: scene.taint.isTainted }
}

type Work = (
  world: World,
  scene: Scene,
  messages: readonly ModelMessage[],
) => Promise<Pick<ToolLoopResult, 'text' | 'usage' | 'cost' | 'modelCalls' | 'toolCalls'>>

const withTools: Work = (world, scene, messages) =>
  toolLoop({ world, scene, messages, journal: null, gate: agentGate(world, scene.agent, scene) })

const withoutTools: Work = async (world, scene, messages) => {
  const gate = agentGate(world, scene.agent, scene)
  const { reply, cost } = await callModel(world, {
    agent: scene.agent,
    call: scene,
    messages,
    tools: [],
    gate,
  })
  return { text: reply.text, usage: reply.usage, cost, modelCalls: 1, toolCalls: 0 }
}
