import * as v from 'valibot'
import { exportSession, historyPage, listSessions, readArchive } from '../../agents/claw/sessions.ts'
import { COUNT, TAINTED, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../answer-parts.ts'
import type { RouteHandler, RouteRequest } from '../edge.ts'
import { inRange } from '../in-range.ts'
import { Refusal } from '../refusal.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'

export const SESSIONS_QUERY = v.strictObject({
  limit: v.optional(WHOLE_NUMBER),
  /** `next` of the page before. */
  after: v.optional(v.string()),
})
export const HISTORY_QUERY = v.strictObject({
  limit: v.optional(WHOLE_NUMBER),
  /** `from` of the page after: the messages before that position. */
  before: v.optional(WHOLE_NUMBER),
})
export const EXPORT_QUERY = v.strictObject({ archive: v.optional(v.string()) })

export const SESSIONS_ANSWER = v.strictObject({
  agent: v.string(),
  sessions: v.array(
    v.strictObject({
      session_key: v.string(),
      session_id: v.string(),
      messages: COUNT,
      due_reset: v.nullable(v.picklist(['idle', 'daily'])),
      last_activity_at: TIME_OR_NULL,
    }),
  ),
  next: TEXT_OR_NULL,
})

const MESSAGES = v.array(
  v.strictObject({
    role: v.picklist(['user', 'assistant', 'system']),
    content: v.string(),
    ts: TIME,
    ...TAINTED,
  }),
)

export const HISTORY_ANSWER = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  total: COUNT,
  from: COUNT,
  messages: MESSAGES,
})

const SESSION_EXPORT = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  session_id: v.string(),
  started_at: TIME_OR_NULL,
  last_activity_at: TIME_OR_NULL,
  compactions: COUNT,
  degraded: v.boolean(),
  messages: MESSAGES,
  archives: v.array(
    v.strictObject({
      file: v.string(),
      reason: v.picklist(['manual', 'idle', 'daily', 'compaction']),
      archived_at: TIME,
      session_id: v.string(),
      messages: COUNT,
    }),
  ),
})

const ARCHIVE_EXPORT = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  file: v.string(),
  messages: MESSAGES,
  damaged_lines: COUNT,
})

export const EXPORT_ANSWER = v.union([SESSION_EXPORT, ARCHIVE_EXPORT])

const placeOf = ({ params: { agent = '', key = '' } }: RouteRequest) => ({ agent, key })

/** GET /api/v1/claw/:agent/sessions: 100 of them, or `?limit=` up to 1000. */
export const clawSessions: RouteHandler = async ({ system, params, query }) => {
  const { limit, after } = validate(SESSIONS_QUERY, query)
  const agent = params.agent ?? ''
  const { world } = await system()
  const page = await listSessions(world, {
    agent,
    after: after ?? null,
    limit: inRange('limit', limit, { initial: 100, most: 1000 }),
  })
  return { body: { agent, ...page } }
}

/** GET .../sessions/:key/history: the newest 100 messages, or `?limit=` up to 1000. */
export const clawHistory: RouteHandler = async (request) => {
  const { limit, before } = validate(HISTORY_QUERY, request.query)
  const place = placeOf(request)
  const { world } = await request.system()
  const page = await historyPage(world, {
    ...place,
    before: before === undefined ? null : Number(before),
    limit: inRange('limit', limit, { initial: 100, most: 1000 }),
  })
  return { body: { agent: place.agent, session_key: place.key, ...page } }
}

/** GET .../sessions/:key/export: the session and the names of its archives; with `?archive=` one of those. */
export const clawExport: RouteHandler = async (request) => {
  const { archive } = validate(EXPORT_QUERY, request.query)
  const place = placeOf(request)
  const { world } = await request.system()
  if (archive === undefined) return { body: await exportSession(world, place) }
  const text = await readArchive(world, { ...place, file: archive })
  if (text === null) {
    throw new Refusal(
      404,
      'archive_not_found',
      `session ${place.key} has no archive ${JSON.stringify(archive)}`,
    )
  }
  return { body: { agent: place.agent, session_key: place.key, file: archive, ...text } }
}
