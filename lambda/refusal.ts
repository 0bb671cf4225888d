import type { FaultCode } from '../agents/ports/fault.ts'

/**
 * Codes of what no Fault stands for; those of connections, hosts, headers, unknown methods, slow requests and a process
 * that stands still are the local server's.
 */
export const REFUSAL_CODES = [
  'archive_not_found',
  'body_too_large',
  'connections_busy',
  'encoding_not_supported',
  'forbidden',
  'headers_too_large',
  'host_refused',
  'instances_busy',
  'method_not_allowed',
  'method_unknown',
  'not_configured',
  'process_stalled',
  'rate_limited',
  'request_timeout',
  'route_not_found',
  'unauthorized',
] as const

export type ErrorCode = FaultCode | (typeof REFUSAL_CODES)[number]

/** What the HTTP edge itself refuses: no business of agents, so no Fault. */
export class Refusal extends Error {
  readonly status: number
  readonly code: ErrorCode
  readonly headers: Readonly<Record<string, string>>
  /** More fields of the body. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    extra: {
      readonly headers?: Readonly<Record<string, string>>
      readonly details?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.headers = extra.headers ?? {}
    this.details = extra.details ?? {}
  }
}

export const badRequest = (problem: string, field?: string): Refusal =>
  new Refusal(400, 'bad_request', problem, field === undefined ? {} : { details: { field } })
