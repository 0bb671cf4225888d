import * as v from 'valibot'
import { VERSION } from '../runtime/version.ts'
import { DISABLE_BODY, ENABLE_BODY, KILL_BODY } from './admin/switch.ts'
import { ASK_BODY, ASK_MESSAGE_BODY } from './agents/ask.ts'
import { ANSWERS, type AnswerShape, JSON_TYPE } from './answers.ts'
import { COMPACT_BODY } from './claw/compact.ts'
import { MESSAGE_BODY, MESSAGE_HEADERS } from './claw/message.ts'
import { EXPORT_QUERY, HISTORY_QUERY, SESSIONS_QUERY } from './claw/sessions.ts'
import { EVENTS_QUERY } from './claw/turn-events.ts'
import { STREAM_HEADERS } from './claw/wants-stream.ts'
import { CONFIRM_BODY } from './confirm/decide.ts'
import type { RouteHandler } from './edge.ts'
import { RUN_QUERY, RUNS_QUERY } from './forge/runs.ts'
import { START_BODY, START_HEADERS } from './forge/start.ts'
import { STATUS_QUERY } from './forge/status.ts'
import { STOP_BODY } from './forge/stop.ts'
import { WORKSPACE_BODY, WORKSPACE_QUERY } from './forge/workspace.ts'
import { jsonSchema } from './json-schema.ts'
import { ERROR_ANSWER } from './middleware/error-answer.ts'
import { SUMMARIES } from './route-summaries.ts'
import { type HandlerName, ROUTES, type Route } from './routes.ts'

/** The schemas that the handlers validate with: of the routes that read a body. */
export const BODIES: Readonly<Partial<Record<HandlerName, v.GenericSchema>>> = {
  agentAsk: v.union([ASK_BODY, ASK_MESSAGE_BODY]),
  clawMessage: MESSAGE_BODY,
  clawCompact: COMPACT_BODY,
  forgeStart: START_BODY,
  forgeStop: STOP_BODY,
  forgeWorkspacePut: WORKSPACE_BODY,
  adminDisable: DISABLE_BODY,
  adminEnable: ENABLE_BODY,
  adminKill: KILL_BODY,
  confirm: CONFIRM_BODY,
}

/** The same for query strings. */
const QUERIES: Readonly<Partial<Record<HandlerName, ObjectSchema>>> = {
  clawSessions: SESSIONS_QUERY,
  clawHistory: HISTORY_QUERY,
  clawExport: EXPORT_QUERY,
  clawTurnEvents: EVENTS_QUERY,
  forgeStatus: STATUS_QUERY,
  forgeRuns: RUNS_QUERY,
  forgeRun: RUN_QUERY,
  forgeWorkspace: WORKSPACE_QUERY,
}

/** Headers beyond the credential, by what they do. */
const HEADERS: Readonly<Partial<Record<HandlerName, Readonly<Record<string, string>>>>> = {
  clawMessage: MESSAGE_HEADERS,
  clawTurnEvents: STREAM_HEADERS,
  forgeStart: START_HEADERS,
}

type ObjectSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>

const SECURITY = { open: [], key: [{ apiKey: [] }], admin: [{ adminKey: [] }] } as const

const answer = ({ description, content }: AnswerShape): object => ({
  description,
  content: Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, { schema: jsonSchema(schema) }]),
  ),
})

const json = (schema: object) => ({ [JSON_TYPE]: { schema } })

function operation(route: Route): object {
  const body = BODIES[route.handler]
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!)
  return {
    // Two paths may share a handler; ids are unique.
    operationId:
      ROUTES.find(({ handler }) => handler === route.handler) === route ? route.handler : undefined,
    summary: SUMMARIES[route.handler],
    security: SECURITY[route.credential],
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...Object.entries(QUERIES[route.handler]?.entries ?? {}).map(([name, schema]) => ({
        name,
        in: 'query',
        required: schema.type !== 'optional',
        schema: jsonSchema(schema),
      })),
      ...Object.entries(HEADERS[route.handler] ?? {}).map(([name, description]) => ({
        name,
        in: 'header',
        description,
        schema: { type: 'string' },
      })),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: !v.is(body, {}), content: json(jsonSchema(body)) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(ANSWERS[route.handler]).map(([status, shape]) => [status, answer(shape!)]),
      ),
      default: { description: 'Refused or failed', content: json({ $ref: '#/components/schemas/Error' }) },
    },
  }
}

/** GET /openapi.json: OpenAPI 3.1 of the route table; `ANY /{proxy+}` is no operation, and HEAD follows from GET. */
export const openApi: RouteHandler = async () => {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of ROUTES) {
    if (route.method === 'ANY' || route.method === 'HEAD') continue
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  const bearer = (description: string) => ({ type: 'http', scheme: 'bearer', description })
  return {
    body: {
      openapi: '3.1.0',
      info: { title: 'NeamClaw', version: VERSION },
      paths,
      components: {
        securitySchemes: { apiKey: bearer('NEAM_API_KEY'), adminKey: bearer('NEAM_ADMIN_KEY') },
        schemas: { Error: jsonSchema(ERROR_ANSWER) },
      },
    },
  }
}
