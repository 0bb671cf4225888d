import type { ModelMessage } from '../ports/model.ts'
import type { StoredMessage } from '../ports/sessions.ts'
import { contextLimit } from '../turn/context-window.ts'
import { estimateMessage, estimateRequest } from '../turn/tokens.ts'
import { skillsOf, toolSpec } from '../turn/tools.ts'
import { promptHistory } from './prompt-history.ts'
import type { BriefedTurn, OpenTurn } from './turn.ts'

/**
 * Stage 3: system prompt, history oldest first, message. More than `max_history_turns` turns, or than 80 % of the
 * model's window holds, is cut from the oldest on, in the prompt only: the session on disk keeps everything.
 */
export async function context(turn: OpenTurn): Promise<BriefedTurn> {
  const { world, agent, version } = turn
  const system: ModelMessage[] = agent.system === '' ? [] : [{ role: 'system', content: agent.system }]
  const message: ModelMessage = { role: 'user', content: turn.message }
  const tools = [...skillsOf(world, agent).values()].map(toolSpec)
  const history = promptHistory(
    version.messages,
    {
      maxTurns: agent.session.maxHistoryTurns,
      maxTokens: contextLimit(agent.model) - estimateRequest([...system, message], tools),
    },
    (stored) => estimateMessage(promptMessage(stored)),
  )
  if (history.leftOut > 0) {
    world.audit.record({
      event: 'session.context_trimmed',
      agent: agent.name,
      sessionKey: turn.ref.key,
      requestId: turn.call.requestId,
      metadata: { turns: history.leftOut },
    })
  }
  return { ...turn, messages: [...system, ...history.messages.map(promptMessage), message] }
}

const promptMessage = ({ role, content }: StoredMessage): ModelMessage => ({ role, content })
