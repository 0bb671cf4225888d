/** What the process supplies to its handlers, and what a route handler gets and gives. */
import type { Readable } from 'node:stream'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Occupancy } from '../agents/limits/slots.ts'
import type { StorageShare, StorageTime } from '../agents/ports/storage-time.ts'
import type { Clock } from '../agents/ports/time.ts'
import type { Tracing } from '../agents/ports/tracing.ts'
import type { HandOver } from '../agents/turn/call-context.ts'
import type { Entrance } from '../runtime/channel-ports.ts'
import type { System } from '../runtime/system.ts'
import type { EmfMeter } from './health/emf.ts'

/** What the process supplies to all handlers. */
export interface Edge {
  /** The running system: the same one until another program is loaded. */
  system(): Promise<System>
  /** The one its turns go by. */
  readonly clock: Clock
  /** Those of the process; not of the system, which may not be there yet. */
  readonly tracing: Tracing
  /** That of the process, for the same reason. */
  readonly storageTime: StorageTime
  /** One structured line of the process's log. Never message content, never keys. */
  log(record: Readonly<Record<string, unknown>>): void
  /** Whether an answer can be sent in parts. */
  readonly streams: boolean
  /** On Lambda: the log line of a request holds its metrics too. */
  readonly meter?: EmfMeter
  /** Of a process that takes connections itself: how many it has. */
  connections?(): Occupancy
  /** Of a process that itself answers a request whose time is over, and keeps what its handler does in hand. */
  readonly answersLate?: true
  /** True while the process is shutting down. */
  draining(): boolean
  /** Seconds since the process started. */
  uptimeSeconds(): number
  /** Aborts what is still running when the process must end. */
  readonly shutdown: AbortSignal
}

/** What the platform tells of a request: Lambda, or the local server. */
export interface HandlerContext extends Context {
  /** Of the local server: its time was over, and the request has been answered and recorded without its handler. */
  isAnswered?(): boolean
  /** Of the local server: where the request came in; absent or null: one place serves everything. */
  readonly entrance?: Entrance | null
}

/** Added to the platform's context by the middlewares. */
export interface EdgeContext extends HandlerContext {
  /** Set first of all. */
  requestId: string
  /** The system that the whole request is about, whatever is loaded meanwhile. */
  readonly system: Edge['system']
  /** How much of the request's time went to the storage so far. */
  storageShare(): StorageShare
  /** The JSON body, undefined when there is none. */
  body: unknown
}

export interface RouteRequest {
  /** The running system, made at the first request that needs it; the same one for the whole request. */
  system(): Promise<System>
  readonly edge: Edge
  readonly event: APIGatewayProxyEventV2
  /** Null: one place serves everything. */
  readonly entrance: Entrance | null
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  readonly body: unknown
  readonly requestId: string
  /** When the answer must be on its way, ms. */
  readonly deadlineAt: number
  /** When a turn of a claw agent goes on without the request, earlier than that. */
  readonly handOver: HandOver
}

export interface RouteAnswer {
  /** Default 200. */
  readonly status?: number
  /** JSON; bytes, or text in parts, as they are: these bring their `content-type`; undefined = none. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type RouteHandler = (request: RouteRequest) => Promise<RouteAnswer>

/** An answer as Lambda gives it, or with a body that is sent in parts while it is made. */
export type HandlerAnswer = APIGatewayProxyStructuredResultV2 & { readonly stream?: Readable }

export type Handler = (event: APIGatewayProxyEventV2, context: HandlerContext) => Promise<HandlerAnswer>
