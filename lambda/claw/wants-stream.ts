import type { RouteRequest } from '../edge.ts'
import { badRequest } from '../refusal.ts'

export const EVENT_STREAM = 'text/event-stream'

/** Headers that a streaming route reads, for /openapi.json. */
export const STREAM_HEADERS = {
  Accept: '`text/event-stream`: the events of the turn, while they happen (docs/streaming.md)',
  'Last-Event-ID': 'Id of the last event that the caller has: those after it follow',
} as const

export const wantsStream = ({ event }: RouteRequest): boolean =>
  event.requestContext?.http?.method !== 'HEAD' &&
  (event.headers?.accept ?? '').split(',').some((range) => {
    const [type = '', ...parameters] = range
      .toLowerCase()
      .split(';')
      .map((part) => part.trim())
    // A weight of 0 is a refusal (RFC 9110, 12.4.2).
    return type === EVENT_STREAM && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })

/** The request's Last-Event-ID, else `initial`. @throws Refusal for one that is no id of an event */
function lastEventId({ event }: RouteRequest, initial: number): number {
  const given = event.headers?.['last-event-id']?.trim() ?? ''
  if (given === '') return initial
  if (/^\d{1,9}$/.test(given)) return Number(given)
  throw badRequest(`Last-Event-ID is ${JSON.stringify(given)}; it is the id of an event`, 'Last-Event-ID')
}

/** Where the request reads on; null = it does not ask for a stream, or this front door cannot give one. */
export const streamFrom = (request: RouteRequest, initial = 0): number | null =>
  request.edge.streams && wantsStream(request) ? lastEventId(request, initial) : null
