import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as v from 'valibot'
import { FAULT_CODES, Fault, faultText } from '../../agents/ports/fault.ts'
import { blamingStorage, type StorageShare } from '../../agents/ports/storage-time.ts'
import { loggable } from '../../runtime/log.ts'
import { traceIdOf } from '../../runtime/tracing/trace-context.ts'
import { TIME } from '../answer-parts.ts'
import type { Edge } from '../edge.ts'
import { type ErrorCode, REFUSAL_CODES, Refusal } from '../refusal.ts'
import { FAULT_STATUS } from './fault-status.ts'
import type { Middleware } from './middleware.ts'

/** The body of every failure. What comes after the first four tells programs what the message tells people. */
export const ERROR_ANSWER = v.strictObject({
  /** The short name of the status. */
  error: v.string(),
  message: v.string(),
  code: v.picklist([...FAULT_CODES, ...REFUSAL_CODES]),
  request_id: v.string(),
  /** The field of the body or query that is wrong. */
  field: v.optional(v.string()),
  agent: v.optional(v.string()),
  run: v.optional(v.string()),
  /** Of a run that is live already. */
  status: v.optional(v.literal('already_running')),
  guard: v.optional(v.string()),
  budget: v.optional(v.string()),
  resets_at: v.optional(TIME),
  available: v.optional(v.array(v.string())),
  /** Which limit, and what it is. */
  scope: v.optional(v.string()),
  limit: v.optional(v.number()),
})

interface Problem {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
  readonly details: Readonly<Record<string, unknown>>
}

/** Facts of a fault that a caller can act on; the rest stays in the log. */
const SHOWN = ['agent', 'run', 'guard', 'budget', 'resets_at', 'available', 'limit', 'field'] as const

function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return error
  const fault = error instanceof Fault ? error : new Fault('internal')
  const { code, data, retryAfterMs } = fault
  const details = Object.fromEntries(SHOWN.filter((name) => name in data).map((name) => [name, data[name]]))
  return {
    status: FAULT_STATUS[code],
    code,
    message: faultText(fault),
    headers:
      retryAfterMs === null ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) },
    details: code === 'already_running' ? { ...details, status: 'already_running' } : details,
  }
}

/** `Bad Request` for 400: the short name that stands in `error`. */
const NAMES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
}

/** Where a fault came from; the error itself has said it of a program's. */
const causeOf = (error: unknown): Readonly<Record<string, unknown>> =>
  error instanceof Fault && error.code !== 'program_error' && error.cause !== undefined
    ? { origin: loggable(error.cause) }
    : {}

const blamed = (error: unknown, share: StorageShare): unknown =>
  error instanceof Fault ? blamingStorage(error, share) : error

/** Every failure as `{error, message, code, request_id}` with its status; stacks go to the log only. */
export function errorAnswer(edge: Edge): Middleware {
  return {
    onError: (request) => {
      const { context } = request
      const error = blamed(request.error, context.storageShare())
      const { status, code, message, headers, details } = problemOf(error)
      if (status >= 500) {
        edge.log({
          level: 'error',
          message: 'request failed',
          code,
          request_id: context.requestId,
          trace_id: traceIdOf(edge.tracing.current()),
          ...(error instanceof Refusal ? { cause: message } : loggable(error)),
          ...causeOf(error),
        })
      }
      const answer: APIGatewayProxyStructuredResultV2 = {
        statusCode: status,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          error: NAMES[status] ?? 'Error',
          message,
          code,
          request_id: context.requestId,
          ...details,
        }),
      }
      request.response = answer
    },
  }
}
