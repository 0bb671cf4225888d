import { isoTime } from '../iso-time.ts'
import { applyGuards } from '../limits/guards.ts'
import { applyLinkRule } from '../links/apply.ts'
import { observe } from '../monitoring/observe.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionVersion, StoredMessage, TurnResult } from '../ports/sessions.ts'
import { taintedIf } from '../ports/tainted.ts'
import { taintAttributes, usageAttributes } from '../tracing/agent-span.ts'
import { statisticsOf } from '../turn/statistics.ts'
import { totalTokens } from '../turn/usage.ts'
import { messageTime } from './message-time.ts'
import type { AskAnswer, WorkedTurn } from './turn.ts'

/** Commits that may come in between before the turn gives up. */
const MAX_CONFLICTS = 20

/** Stage 5: output guards, then both messages into the history at once, metrics, the answer. */
export async function response(turn: WorkedTurn): Promise<AskAnswer> {
  const { world, agent, scene, work, call, ref } = turn
  if (work.text.trim() === '') throw new Fault('model_answer_empty', { model: agent.model })
  const guarded = await applyGuards(world, scene, 'output', work.text)
  const own = passedOnTaint(turn).length === 0 ? turn.message : ''
  const text = await applyLinkRule(world, scene, own, guarded)
  const { isTainted } = scene.taint
  turn.span.set({ ...usageAttributes(work.usage), ...taintAttributes(isTainted) })
  const status = await commit(turn, text)
  const answer: AskAnswer = {
    turn: turn.id,
    response: text,
    status,
    tokens: totalTokens(work.usage),
    cost: work.cost,
    latencyMs: world.clock.now() - turn.startedAt,
    isTainted,
  }
  await close(turn, answer)
  statisticsOf(world).answered(agent.name, answer.latencyMs)
  const { tokens, cost, latencyMs } = answer
  world.audit.record({
    event: 'agent.answer',
    agent: agent.name,
    sessionKey: ref.key,
    requestId: call.requestId,
    detail: status,
    metadata: {
      model_calls: work.modelCalls,
      tool_calls: work.toolCalls,
      tokens,
      cost_usd: cost,
      latency_ms: latencyMs,
    },
  })
  const values = { tool_calls: work.toolCalls, response_time_ms: latencyMs, cost, tokens }
  await observe(world, agent, { id: turn.id, values }, call)
  return answer
}

/**
 * Adds the two messages to whatever the session holds by now. Another turn's commit in between means trying again on
 * top of it, without another model call; a reset in between means that this answer belongs to no history.
 */
async function commit(turn: WorkedTurn, text: string): Promise<AskAnswer['status']> {
  const { world, ref, id, lease, startedAt, scene } = turn
  const messages: readonly StoredMessage[] = [
    {
      role: 'user',
      content: turn.message,
      ts: messageTime(turn.acceptedAt),
      ...taintedIf(passedOnTaint(turn).length > 0),
    },
    {
      role: 'assistant',
      content: text,
      ts: messageTime(isoTime(world.clock.now())),
      ...taintedIf(scene.taint.isTainted),
    },
  ]
  let base = turn.version
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    if (base.turns.includes(id)) return 'completed'
    if (wasReset(turn.version, base)) return 'orphaned'
    const result = await world.sessions.commit(
      ref,
      base,
      {
        kind: 'turn',
        sessionId: base.sessionId === '' ? world.ids.next() : base.sessionId,
        messages: [...base.messages, ...messages],
        turn: id,
        compactions: base.compactions,
        startedAt: base.startedAt === 0 ? startedAt : base.startedAt,
        lastActivityAt: Math.max(base.lastActivityAt, startedAt),
      },
      lease,
    )
    if (result.kind === 'committed') return 'completed'
    base = result.newest
  }
  throw new Fault('session_busy', { key: ref.key })
}

/** Of the message itself: it came from an agent that had read text of strangers. */
const passedOnTaint = ({ earlier, call }: WorkedTurn): readonly string[] =>
  earlier?.intent.taint ?? call.taint ?? []

/** A session that had never been written has no id to compare: whoever wrote it first has begun it. */
const wasReset = (before: SessionVersion, now: SessionVersion): boolean =>
  before.seq > 0 && before.sessionId !== now.sessionId

/** The answer stands in the history: a failure to write down its end must not take it away again. */
async function close(turn: WorkedTurn, answer: AskAnswer): Promise<void> {
  const { world, ref, id } = turn
  const finishedAt = isoTime(world.clock.now())
  const { response, tokens, cost } = answer
  const tainted = taintedIf(answer.isTainted)
  const result: TurnResult =
    answer.status === 'orphaned'
      ? { status: 'orphaned', response, finishedAt, ...tainted }
      : { status: 'completed', response, tokens, cost, finishedAt, ...tainted }
  try {
    await world.sessions.close(ref, id, result)
  } catch (error) {
    world.output.warn(`turn ${id} was answered but not closed`, error)
  }
}
