/** What a route handler gets and gives, and the Middy stack around every one of them. */
import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { System } from '../runtime/system.ts'
import { accessLog } from './middleware/access-log.ts'
import { authenticate } from './middleware/authenticate.ts'
import { errorAnswer } from './middleware/error-answer.ts'
import { jsonBody } from './middleware/json-body.ts'
import { requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import type { Route } from './routes.ts'

/** What the process supplies to all handlers. */
export interface Edge {
  /** The running system; the same one each time. */
  system(): Promise<System>
  /** One structured line of the process's log. Never message content, never keys. */
  log(record: Readonly<Record<string, unknown>>): void
  /** True while the process is shutting down. */
  draining(): boolean
  /** Seconds since the process started. */
  uptimeSeconds(): number
  /** Aborts what is still running when the process must end. */
  readonly shutdown: AbortSignal
}

/** Added to the Lambda context by the middlewares. */
export interface EdgeContext extends Context {
  /** Set first of all. */
  requestId: string
  /** The JSON body, undefined when there is none. */
  body: unknown
}

export interface RouteRequest {
  /** The running system, made at the first request that needs it. */
  system(): Promise<System>
  readonly edge: Edge
  readonly event: APIGatewayProxyEventV2
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  readonly body: unknown
  readonly requestId: string
  /** When the answer must be on its way, ms. */
  readonly deadlineAt: number
}

export interface RouteAnswer {
  /** Default 200. */
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type RouteHandler = (request: RouteRequest) => Promise<RouteAnswer>

export type Handler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>

/** Kept back from the time the platform gives, to write down how a request ended. */
const MARGIN_MS = 2000

/** A route's handler inside its middlewares, as Lambda calls it. Never rejects: failures are answers. */
export function edgeHandler(route: Route, handle: RouteHandler, edge: Edge): Handler {
  const run = async (
    event: APIGatewayProxyEventV2,
    context: EdgeContext,
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    const {
      status = 200,
      body,
      headers,
    } = await handle({
      system: edge.system,
      edge,
      event,
      params: (event.pathParameters ?? {}) as Readonly<Record<string, string>>,
      query: event.queryStringParameters ?? {},
      body: context.body,
      requestId: context.requestId,
      deadlineAt: Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS,
    })
    return {
      statusCode: status,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }
  }
  // What comes first here comes last on the way out: the log sees the finished answer.
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, EdgeContext>()
    .use([
      accessLog(route, edge),
      requestId(),
      securityHeaders(),
      errorAnswer(edge),
      authenticate(route, edge),
      jsonBody(),
    ])
    .handler(run) as unknown as Handler
}
