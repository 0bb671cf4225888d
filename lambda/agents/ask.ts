import * as v from 'valibot'
import { findAgent } from '../../agents/find-agent.ts'
import { taintedIf } from '../../agents/ports/tainted.ts'
import { asFault } from '../../agents/turn/as-fault.ts'
import { askOnce } from '../../agents/turn/ask-once.ts'
import { totalTokens } from '../../agents/turn/usage.ts'
import { TAINTED, USAGE } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'
import { withInstance } from '../instance.ts'
import { TEXT, validate } from '../validate.ts'

export const ASK_BODY = v.strictObject({ agent_id: TEXT, query: TEXT })
/** The other spelling of the same. */
export const ASK_MESSAGE_BODY = v.strictObject({ agent: TEXT, message: TEXT })

export const ASK_ANSWER = v.strictObject({
  agent_id: v.string(),
  query: v.string(),
  response: v.string(),
  trace_id: v.string(),
  usage: USAGE,
  ...TAINTED,
})

function read(body: unknown): { readonly agent: string; readonly message: string } {
  const given = body ?? {}
  if (typeof given === 'object' && ('agent' in given || 'message' in given)) {
    return validate(ASK_MESSAGE_BODY, given)
  }
  const { agent_id, query } = validate(ASK_BODY, given)
  return { agent: agent_id, message: query }
}

/** POST /api/v1/agent/ask (chapter 28.2): a stateless agent answers; nothing of it is kept. */
export const agentAsk: RouteHandler = async (request) => {
  const { system, edge, body, requestId, deadlineAt } = request
  const { agent, message } = read(body)
  const { world } = await system()
  const found = findAgent(world, 'agent', agent)
  const call = { depth: 1, deadlineAt, signal: edge.shutdown, requestId, holding: [] }
  return await withInstance(request, agent, async () => {
    try {
      const { text, usage, cost, isTainted } = await askOnce(world, {
        agent: found,
        message,
        tools: true,
        call,
      })
      return {
        body: {
          agent_id: agent,
          query: message,
          response: text,
          trace_id: requestId,
          usage: { tokens: totalTokens(usage), cost_usd: cost },
          ...taintedIf(isTainted),
        },
      }
    } catch (error) {
      throw asFault(error, call.signal)
    }
  })
}
