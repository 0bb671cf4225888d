import * as v from 'valibot'
import { compact } from '../../agents/claw/compact.ts'
import { COUNT } from '../answer-parts.ts'
import type { RouteAnswer, RouteHandler, RouteRequest } from '../edge.ts'
import { validate } from '../validate.ts'

export const COMPACT_BODY = v.strictObject({ session_key: v.optional(v.string()) })

export const COMPACT_ANSWER = v.strictObject({
  agent: v.string(),
  status: v.picklist(['compacted', 'not_needed']),
  turns_before: COUNT,
  turns_after: COUNT,
  summary_length: COUNT,
})

/**
 * POST /api/v1/claw/:agent/compact (chapter 28.2): all sessions of the agent, one after the other, or the one that the
 * body names. Whoever runs out of time may ask again: what is compacted stays so.
 */
export const clawCompact: RouteHandler = async (request) => {
  const { session_key } = validate(COMPACT_BODY, request.body ?? {})
  return answer(request, session_key ?? null)
}

/** POST /api/v1/claw/:agent/sessions/:key/compact. An unknown session has nothing to compact. */
export const clawSessionCompact: RouteHandler = async (request) => answer(request, request.params.key ?? '')

async function answer(
  { system, edge, params, requestId, deadlineAt }: RouteRequest,
  key: string | null,
): Promise<RouteAnswer> {
  const agent = params.agent ?? ''
  const { status, turnsBefore, turnsAfter, summaryLength } = await compact((await system()).world, {
    agent,
    key,
    call: { requestId, deadlineAt, signal: edge.shutdown, holding: [] },
  })
  return {
    body: {
      agent,
      status,
      turns_before: turnsBefore,
      turns_after: turnsAfter,
      summary_length: summaryLength,
    },
  }
}
