/** What each route answers, by status and media type: read by /openapi.json, and by the tests, which check every answer. */
import * as v from 'valibot'
import { ADMIN_STATUS_ANSWER } from './admin/status.ts'
import { SWITCH_ANSWER } from './admin/switch.ts'
import { ASK_ANSWER } from './agents/ask.ts'
import { AGENTS_ANSWER } from './agents/list.ts'
import { BYTES } from './answer-parts.ts'
import { OUTBOUND_MESSAGE } from './channel/channel-message.ts'
import { COMPACT_ANSWER } from './claw/compact.ts'
import { FACT_ANSWER, FACTS_ANSWER } from './claw/facts.ts'
import { FORGET_ANSWER } from './claw/forget.ts'
import { CLAW_LIST_ANSWER } from './claw/list.ts'
import { RESET_ANSWER } from './claw/reset.ts'
import { EXPORT_ANSWER, HISTORY_ANSWER, SESSIONS_ANSWER } from './claw/sessions.ts'
import { ACCEPTED_ANSWER, MESSAGE_ANSWER, TURN_ANSWER, TURN_EVENTS_ANSWER } from './claw/turn-shape.ts'
import { EVENT_STREAM } from './claw/wants-stream.ts'
import { CONFIRM_ANSWER, LATE_ANSWER } from './confirm/decide.ts'
import { PENDING_ANSWER } from './confirm/pending.ts'
import { FORGE_LIST_ANSWER } from './forge/list.ts'
import { START_ANSWER } from './forge/start.ts'
import { RUN_ANSWER, RUNS_ANSWER, STATUS_ANSWER } from './forge/status-shape.ts'
import { STOP_ANSWER } from './forge/stop.ts'
import { BUNDLE_TYPE, TAR_TYPE, WORKSPACE_ANSWER, WRITTEN_ANSWER } from './forge/workspace.ts'
import { HEALTH_ANSWER } from './health/health.ts'
import { LIMITS_ANSWER } from './health/limits.ts'
import { METRICS_ANSWER } from './health/metrics.ts'
import { PROMETHEUS_TYPE } from './health/prometheus-text.ts'
import { READY_ANSWER } from './health/ready.ts'
import { SYSTEM_HEALTH_ANSWER } from './health/system-health.ts'
import { ERROR_ANSWER } from './middleware/error-answer.ts'
import type { HandlerName } from './routes.ts'

export const JSON_TYPE = 'application/json'

/** An answer of one status. */
export interface AnswerShape {
  readonly description: string
  /** By media type; none = no body. */
  readonly content: Readonly<Record<string, v.GenericSchema>>
}

/** By status. Of a status that is missing, 400 or above, the body is an ERROR_ANSWER; any other is never given. */
export type AnswerShapes = Readonly<Partial<Record<number, AnswerShape>>>

const json = (schema: v.GenericSchema, description = 'Done'): AnswerShape => ({
  description,
  content: { [JSON_TYPE]: schema },
})

/** Or the events of a turn, while they happen. */
const streamed = (schema: v.GenericSchema): AnswerShape => ({
  description: 'Done',
  content: { [JSON_TYPE]: schema, [EVENT_STREAM]: v.string() },
})

const ACCEPTED = json(
  ACCEPTED_ANSWER,
  'The turn goes on in the background (`status_url`), or waits for a person: POST /api/v1/confirm decides on its `trace_id`',
)

const MAP = v.record(v.string(), v.unknown())
const OPENAPI_ANSWER = v.strictObject({
  openapi: v.literal('3.1.0'),
  info: v.strictObject({ title: v.string(), version: v.string() }),
  paths: MAP,
  components: MAP,
})

export const ANSWERS: Readonly<Record<HandlerName, AnswerShapes>> = {
  health: { 200: json(HEALTH_ANSWER) },
  ready: { 200: json(READY_ANSWER), 503: json(READY_ANSWER, '`checks` tells what is not ready') },
  clawList: { 200: json(CLAW_LIST_ANSWER) },
  clawMessage: { 200: streamed(MESSAGE_ANSWER), 202: ACCEPTED },
  clawSessions: { 200: json(SESSIONS_ANSWER) },
  clawHistory: { 200: json(HISTORY_ANSWER) },
  clawExport: { 200: json(EXPORT_ANSWER) },
  clawTurn: { 200: json(TURN_ANSWER) },
  clawTurnEvents: { 200: streamed(TURN_EVENTS_ANSWER) },
  clawReset: { 200: json(RESET_ANSWER) },
  clawFacts: { 200: json(FACTS_ANSWER) },
  clawFactApprove: { 200: json(FACT_ANSWER) },
  clawFactForget: { 200: json(FACT_ANSWER) },
  clawForget: { 200: json(FORGET_ANSWER) },
  clawCompact: { 200: json(COMPACT_ANSWER) },
  clawSessionCompact: { 200: json(COMPACT_ANSWER) },
  forgeList: { 200: json(FORGE_LIST_ANSWER) },
  forgeStart: { 200: json(START_ANSWER) },
  forgeStop: { 200: json(STOP_ANSWER) },
  forgeStatus: { 200: json(STATUS_ANSWER) },
  forgeRuns: { 200: json(RUNS_ANSWER) },
  forgeRun: { 200: json(RUN_ANSWER) },
  forgeWorkspace: {
    200: {
      description: 'Done',
      content: { [JSON_TYPE]: WORKSPACE_ANSWER, [TAR_TYPE]: BYTES, [BUNDLE_TYPE]: BYTES },
    },
  },
  forgeWorkspacePut: { 200: json(WRITTEN_ANSWER) },
  systemHealth: { 200: json(SYSTEM_HEALTH_ANSWER) },
  limits: { 200: json(LIMITS_ANSWER) },
  metrics: { 200: json(METRICS_ANSWER) },
  prometheus: { 200: { description: 'Done', content: { [PROMETHEUS_TYPE]: v.string() } } },
  openApi: { 200: json(OPENAPI_ANSWER) },
  agentList: { 200: json(AGENTS_ANSWER) },
  agentAsk: { 200: json(ASK_ANSWER) },
  adminDisable: { 200: json(SWITCH_ANSWER) },
  adminEnable: { 200: json(SWITCH_ANSWER) },
  adminKill: { 200: json(SWITCH_ANSWER) },
  adminStatus: { 200: json(ADMIN_STATUS_ANSWER) },
  confirm: {
    200: json(CONFIRM_ANSWER),
    409: json(LATE_ANSWER, 'Decided before: what stands, and how it went on'),
    410: json(LATE_ANSWER, 'Nobody decided in time, and so it is denied'),
  },
  confirmationList: { 200: json(PENDING_ANSWER) },
  channel: {
    200: json(OUTBOUND_MESSAGE),
    202: ACCEPTED,
    204: { description: 'What a browser asks before it sends', content: {} },
  },
}

/** What a handler answers with a status, null when it never does. */
export const answerShape = (handler: HandlerName, status: number): AnswerShape | null =>
  ANSWERS[handler][status] ?? (status >= 400 ? FAILED : null)

/** Any failure that a route's own table does not name. */
export const FAILED: AnswerShape = json(ERROR_ANSWER, 'Refused or failed')
