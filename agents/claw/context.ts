import { Fault } from '../ports/fault.ts'
import { DATA_ONLY, framed } from '../ports/framed.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { SessionVersion, StoredMessage } from '../ports/sessions.ts'
import { contextLimit } from '../turn/context-window.ts'
import { recordTaint, TAINT_SOURCE } from '../turn/taint.ts'
import { tokenCounter } from '../turn/token-counter.ts'
import { messageTokens, requestTokens } from '../turn/tokens.ts'
import { skillsOf, toolSpec } from '../turn/tools.ts'
import { compactionPauses } from './compaction-pause.ts'
import { historyTurns } from './history-turns.ts'
import { type PromptHistory, promptHistory } from './prompt-history.ts'
import { recalled, recallingMemory } from './recalled.ts'
import type { BriefedTurn, OpenTurn } from './turn.ts'

/** Of the model's window: what recalled passages may fill. */
const MEMORY_SHARE = 0.05

/**
 * Stage 3: system prompt, history oldest first, what is recalled, message. More than `max_history_turns` turns, or than 80 % of the
 * model's window holds, is first compacted (`compaction: "auto"`, chapter 24.5); what is then still too much is cut
 * from the oldest on, in the prompt only: the session on disk keeps it.
 */
export const context = (turn: OpenTurn): Promise<BriefedTurn> => briefed(turn, null)

/** Why a model did not take a prompt that had history in it. */
export type Refusal = 'prompt_too_long' | 'provider_refused'

/**
 * The prompt once more, for a model that refused it; without memory. One that was too long is compacted where the session
 * is, and has at most half the history; any other has none, because something in it may be what the vendor does not
 * take, and would be in every later prompt. What the turn has done so far is kept. Null: there is no history to leave
 * out.
 */
export async function shorterContext(turn: BriefedTurn, refusal: Refusal): Promise<BriefedTurn | null> {
  const { world, agent, ref, id, historyTokens } = turn
  if (historyTokens === 0) return null
  const earlier = await world.sessions.turn(ref, id)
  if (refusal === 'provider_refused') return await briefed({ ...turn, earlier }, { refusal, maxTokens: 0 })
  const version = agent.session.compaction === 'auto' ? await compacted(turn) : turn.version
  return await briefed({ ...turn, version, earlier }, { refusal, maxTokens: Math.floor(historyTokens / 2) })
}

async function briefed(
  turn: OpenTurn,
  again: { readonly refusal: Refusal; readonly maxTokens: number } | null,
): Promise<BriefedTurn> {
  const { world, agent } = turn
  const system: ModelMessage[] = agent.system === '' ? [] : [{ role: 'system', content: agent.system }]
  const message: ModelMessage = { role: 'user', content: turn.message }
  const tools = [...skillsOf(world, agent).values()].map(toolSpec)
  const memory = again === null ? recallingMemory(agent) : null
  const forMemory = memory === null ? 0 : Math.floor(contextLimit(world, agent) * MEMORY_SHARE)
  const limit = contextLimit(world, agent) - forMemory
  let { version } = turn
  const everything = [...system, ...version.messages.map(promptMessage), message]
  const counter = await tokenCounter(world, agent.model, (by) => requestTokens(by, everything, tools), limit)
  const room = limit - requestTokens(counter, [...system, message], tools)
  const maxTokens = Math.min(room, again?.maxTokens ?? room)
  const tokensOf = (stored: StoredMessage): number => messageTokens(counter, promptMessage(stored))
  const historyOf = ({ messages }: SessionVersion): PromptHistory =>
    again?.refusal === 'provider_refused'
      ? { messages: [], leftOut: historyTurns(messages).turns.length }
      : promptHistory(messages, { maxTurns: agent.session.maxHistoryTurns, maxTokens }, tokensOf)

  let history = historyOf(version)
  if (again === null && history.leftOut > 0 && agent.session.compaction === 'auto') {
    version = await compacted(turn)
    history = historyOf(version)
  }
  if (history.leftOut > 0) {
    world.audit.record({
      event: 'session.context_trimmed',
      agent: agent.name,
      sessionKey: turn.ref.key,
      requestId: turn.call.requestId,
      metadata: { turns: history.leftOut },
      ...(again === null ? {} : { detail: again.refusal }),
    })
  }
  inheritTaint(turn, history.messages)
  // After the history, whose beginning then stays the same from turn to turn: vendors cache it.
  const fromMemory =
    memory === null
      ? []
      : await recalled({ ...turn, version }, memory, {
          inPrompt: history.messages,
          maxTokens: forMemory,
          counter,
        })
  return {
    ...turn,
    version,
    historyTokens: history.messages.reduce((sum, stored) => sum + tokensOf(stored), 0),
    messages: [...system, ...history.messages.map(promptMessage), ...fromMemory, message],
  }
}

/** A summary in which strangers may have had a part does not speak as the system. */
const promptMessage = ({ role, content, tainted }: StoredMessage): ModelMessage =>
  role === 'system' && tainted
    ? { role: 'user', content: framed(TAINTED_SUMMARY, [{ text: content }]) }
    : { role, content }

const TAINTED_SUMMARY = `Summary of what was said before in this session, as a JSON line. Strangers may have had a part in it. ${DATA_ONLY}`

/** What the model reads of earlier turns it cannot unread: text of strangers in them is in this turn, too. */
function inheritTaint({ world, scene }: OpenTurn, history: readonly StoredMessage[]): void {
  const isInherited = history.some(({ tainted }) => tainted)
  if (isInherited && scene.taint.add(TAINT_SOURCE.history)) recordTaint(world, scene, null)
}

/**
 * The session after its compaction, or as it was: a summary that fails costs the turn nothing but time. One that takes
 * longer than the caller waits is made by whoever goes on with the turn: throws `turn_handed_over`, and `stopped`.
 */
async function compacted(turn: OpenTurn): Promise<SessionVersion> {
  const { world, ref, version, call } = turn
  const pauses = compactionPauses(world)
  const now = world.clock.now()
  if (pauses.isOn(ref, now)) return version
  const { compactVersion, isPutOff } = await import('./compact-version.ts')
  try {
    // Half of the time that is left: the message wants its answer, too, where nobody goes on with the turn.
    const deadlineAt = call.handOver ? call.deadlineAt : now + (call.deadlineAt - now) / 2
    const result = await compactVersion(world, { ...turn, call: { ...call, deadlineAt } })
    return result?.version ?? version
  } catch (error) {
    if (!(error instanceof Fault) || isPutOff(error)) throw error
    pauses.begin(ref, world.clock.now())
    world.output.warn('a session was not compacted', error)
    return version
  }
}
