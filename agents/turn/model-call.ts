import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Fault, type FaultCode } from '../ports/fault.ts'
import type { ModelMessage, ModelReply, ModelRequest, TextListener, ToolSpec } from '../ports/model.ts'
import type { SessionRef } from '../ports/sessions.ts'
import { chatSpan, recordReply } from '../tracing/chat-span.ts'
import type { World } from '../world.ts'
import { calibrationOf } from './calibration.ts'
import type { CallContext } from './call-context.ts'
import type { Gate } from './gate.ts'
import { handOverAt, handOverWhenDue } from './hand-over.ts'
import { modelAccess } from './model-access.ts'
import { costOf } from './prices.ts'
import { shorten } from './shorten.ts'
import { statisticsOf } from './statistics.ts'
import { throwIfStopped } from './stop.ts'
import { estimateRequest } from './tokens.ts'
import { NO_USAGE } from './usage.ts'

export interface ModelCall {
  readonly agent: AgentDecl
  readonly call: Pick<CallContext, 'deadlineAt' | 'signal' | 'handOver'> & {
    readonly session?: SessionRef | null
  }
  readonly messages: readonly ModelMessage[]
  readonly tools: readonly ToolSpec[]
  readonly gate: Gate
  /** Who wants to know the text while it is written; null or left out = nobody. */
  readonly listener?: TextListener | null
}

export interface ModelAnswer {
  readonly reply: ModelReply
  /** USD; 0 when the model has no known price, which no agent with a cost limit may use. */
  readonly cost: number
}

/** No model call lasts longer, whatever time the caller has. */
const LONGEST_CALL_MS = 10 * 60_000
/** Characters of an answer that are kept. */
const MAX_ANSWER = 256 * 1024

/** Failures by which the vendor did no work. After any other the call may have been billed. */
const UNBILLED: ReadonlySet<FaultCode> = new Set([
  'provider_not_supported',
  'provider_key_missing',
  'provider_setup_missing',
  'provider_auth',
  'provider_refused',
  'prompt_too_long',
  'provider_rate_limited',
  'provider_unavailable',
  'replay_missing',
])

/**
 * One model call: leave of the gate, the call, settlement. Throws what the gate and the provider throw,
 * `deadline_exceeded`, `turn_handed_over` and `stopped`. A call that was cut off stays reserved, because it may have been billed.
 */
export async function callModel(world: World, request: ModelCall): Promise<ModelAnswer> {
  const { agent, call, messages, tools, gate, listener = null } = request
  throwIfStopped(call.signal)
  const now = world.clock.now()
  if (now >= call.deadlineAt) throw new Fault('deadline_exceeded', { doing: 'starting a model call' })
  handOverWhenDue(world, call)
  const deadlineAt = Math.min(call.deadlineAt, handOverAt(call.handOver), now + LONGEST_CALL_MS)
  const { provider, price } = await modelAccess(world, agent)
  const estimated = estimateRequest(messages, tools)
  const calibration = calibrationOf(world)
  const leave = await gate.beforeModel({
    inputTokens: calibration.reservation(agent.model, estimated),
    maxOutputTokens: null,
  })
  const asked: ModelRequest = {
    model: agent.model,
    temperature: agent.temperature,
    messages,
    tools,
    maxOutputTokens: leave.maxOutputTokens,
  }
  let reply: ModelReply
  try {
    const start = chatSpan(agent, provider, asked, call.session?.key ?? null)
    reply = await world.tracing.span(start, async (span) => {
      const answered = await provider.complete(asked, { signal: call.signal, deadlineAt, listener })
      recordReply(span, asked, answered)
      return answered
    })
  } catch (error) {
    if (error instanceof Fault && UNBILLED.has(error.code)) await leave.settle(NO_USAGE, 0)
    else throwIfStopped(call.signal)
    // Whether the provider or we noticed first that the time is over: it is the turn's time, not the model's.
    if (error instanceof Fault && error.code === 'provider_timeout') {
      const ended = world.clock.now()
      if (ended >= call.deadlineAt) {
        throw new Fault('deadline_exceeded', { doing: 'waiting for the model' }, { cause: error })
      }
      if (ended >= handOverAt(call.handOver)) throw new Fault('turn_handed_over', {}, { cause: error })
    }
    throw error
  }
  const cost = price === null ? 0 : costOf(price, reply.usage)
  await leave.settle(reply.usage, cost)
  statisticsOf(world).modelCalled(agent.name, reply.usage, cost)
  calibration.reported(agent.model, estimated, reply.usage)
  return { reply: { ...reply, text: shorten(reply.text, MAX_ANSWER) }, cost }
}
