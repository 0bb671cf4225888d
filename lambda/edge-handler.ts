/** The Middy stack around every route handler. */
import { Readable } from 'node:stream'
import middy from '@middy/core'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { Fault } from '../agents/ports/fault.ts'
import type { HandOver } from '../agents/turn/call-context.ts'
import { withinLimit } from './answer-limit.ts'
import type { Edge, EdgeContext, Handler, HandlerAnswer, RouteHandler } from './edge.ts'
import { accessLog } from './middleware/access-log.ts'
import { authenticate } from './middleware/authenticate.ts'
import { cors } from './middleware/cors.ts'
import { errorAnswer } from './middleware/error-answer.ts'
import { head } from './middleware/head.ts'
import { jsonBody } from './middleware/json-body.ts'
import { limitRequests } from './middleware/limit-requests.ts'
import { requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { unreadInput } from './middleware/unread-input.ts'
import type { Route } from './routes.ts'
import { traceRequest } from './trace-request.ts'

/** Kept back from the time the platform gives, to write down how a request ended: 2 s, of short times a tenth. */
const marginMs = (remainingMs: number): number => Math.min(2000, remainingMs / 10)

/** How long before the end of its function a request that nobody has answered gets its answer: API Gateway waits less long. */
const LAST_ANSWER_MS = 1000

/** 5 s before the time is over a turn goes on elsewhere; with less than 10 s until then nothing long begins. */
const handOverOf = (now: number, remainingMs: number): HandOver => ({
  at: now + remainingMs - Math.min(5000, remainingMs / 4),
  leastMs: Math.min(10_000, remainingMs / 3),
})

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const isParts = (body: unknown): body is AsyncIterable<string> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body

/** A route's handler inside its middlewares, as Lambda calls it. Never rejects: failures are answers. */
export function edgeHandler(route: Route, handle: RouteHandler, edge: Edge): Handler {
  const run = async (event: APIGatewayProxyEventV2, context: EdgeContext): Promise<HandlerAnswer> => {
    const now = edge.clock.now()
    const remainingMs = context.getRemainingTimeInMillis()
    const {
      status = 200,
      body,
      headers,
    } = await handle({
      system: context.system,
      edge,
      event,
      entrance: context.entrance ?? null,
      params: (event.pathParameters ?? {}) as Readonly<Record<string, string>>,
      query: event.queryStringParameters ?? {},
      body: context.body,
      requestId: context.requestId,
      deadlineAt: now + remainingMs - marginMs(remainingMs),
      handOver: handOverOf(now, remainingMs),
    })
    if (body === undefined) return { statusCode: status, headers: { ...headers } }
    if (body instanceof Uint8Array) {
      return {
        statusCode: status,
        headers: { ...headers },
        body: Buffer.from(body).toString('base64'),
        isBase64Encoded: true,
      }
    }
    if (isParts(body)) return { statusCode: status, headers: { ...headers }, stream: Readable.from(body) }
    return {
      statusCode: status,
      headers: { 'content-type': 'application/json', ...headers },
      body: withinLimit(JSON.stringify(body)),
    }
  }
  // What comes first here comes last on the way out: the log sees the finished answer.
  const wrapped = middy<APIGatewayProxyEventV2, HandlerAnswer, Error, EdgeContext>({
    timeoutEarlyInMillis: edge.answersLate ? 0 : LAST_ANSWER_MS,
    timeoutEarlyResponse: () => {
      throw new Fault('deadline_exceeded', { doing: 'working on the request' })
    },
  })
    .use([
      accessLog(route, edge),
      head(),
      requestId(edge),
      securityHeaders(),
      cors(route),
      errorAnswer(edge),
      authenticate(route, edge),
      limitRequests(route, edge),
      jsonBody(),
      unreadInput(route),
    ])
    .handler(run)
  return async (event, context) =>
    await traceRequest(edge, route, event, () =>
      edge.storageTime.during((storageShare) =>
        wrapped(event, {
          ...context,
          requestId: context.awsRequestId,
          system: once(edge.system),
          storageShare,
          body: undefined,
        }),
      ),
    )
}
