/** node:http in front of the Lambda handlers: requests become events, answers go back. No rule of the domain lives here. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Fault, faultText } from '../agents/ports/fault.ts'
import { blamingStorage, type StorageShare, type StorageTime } from '../agents/ports/storage-time.ts'
import type { Handler, HandlerAnswer, HandlerContext } from '../lambda/edge.ts'
import { MAX_BODY_BYTES } from '../lambda/middleware/json-body.ts'
import { requestIdOf } from '../lambda/middleware/request-id.ts'
import type { Entrance } from '../runtime/channel-ports.ts'
import { apiEvent, isProbe, sendAnswer, targetOf } from './api-event.ts'
import { ClientErrors, MAX_HEADER_BYTES } from './client-error.ts'
import type { Connections } from './connections.ts'
import { type OnRefused, type Refused, refusedAnswer, refuseOn } from './refused-answer.ts'
import type { Watchdog } from './watchdog.ts'

export interface HttpServerOptions {
  readonly handlers: ReadonlyMap<string, Handler>
  /** Where its requests come in, asked for each of them; absent: one place serves everything. */
  readonly entrance?: () => Entrance | null
  /** Limit of a request, ms. Handlers end in time by themselves; one that does not is answered for: 504. */
  readonly timeoutMs: number
  /** Only names of this machine may stand in Host and Origin: a page in a browser must not drive a server without keys. */
  readonly localOnly: boolean
  /** How many connections there may be. */
  readonly connections: Connections
  /** How long a client may take. */
  readonly patience?: Patience
  /** Says whether a request that was not answered in time has lost that time to the storage. */
  readonly storageTime: StorageTime
  /** What no handler answered. */
  readonly onRefused: OnRefused
  /** Answers what is in hand when this thread stands still; absent = nobody does. */
  readonly watchdog?: Pick<Watchdog, 'holds'>
  /** A fault of ours that no handler turned into an answer. */
  readonly onError: (error: unknown) => void
}

export interface HttpServer {
  readonly server: Server
  /** Requests in hand. */
  active(): number
  /** Resolves when none is left. */
  idle(): Promise<void>
  /** Takes no more connections; those that are kept end with the answer in hand, which says so. */
  close(): void
  /** Ends all connections, whatever is in hand. */
  cut(): void
}

/**
 * Milliseconds that a client has to send its headers, and the whole of its request; that it may take nothing of its answer;
 * that a connection is kept for its next request; and how often the first two are checked.
 */
export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  readonly stallMs: number
  readonly keepAliveMs: number
  readonly checkMs: number
}

/**
 * Connections are kept for longer than load balancers keep theirs (60 s): they close them, and no request meets a closed one.
 * A stream in which nothing happens has a line every 15 s.
 */
const PATIENCE: Patience = {
  headersMs: 10_000,
  requestMs: 30_000,
  stallMs: 60_000,
  keepAliveMs: 65_000,
  checkMs: 1000,
}

/** Closed connections make room at any moment. */
const CONNECTIONS_RETRY_SECONDS = 1

const tooManyConnections = ({ limit }: Connections): Refused => ({
  status: 503,
  code: 'connections_busy',
  message: `this process has ${limit} connections, its limit (--max-connections); only probes are answered beyond it; try again in ${CONNECTIONS_RETRY_SECONDS} s`,
  retryAfterSeconds: CONNECTIONS_RETRY_SECONDS,
})

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const inHand = new Set<ServerResponse>()
  let closing = false
  let whenIdle: (() => void)[] = []
  const { connections, onRefused } = options
  const clientErrors = new ClientErrors(onRefused)
  const { headersMs, requestMs, keepAliveMs, checkMs } = options.patience ?? PATIENCE
  const take = (request: IncomingMessage, response: ServerResponse) => {
    inHand.add(response)
    if (closing) response.shouldKeepAlive = false
    const served = serve(options, request, response).catch((error: unknown) => {
      options.onError(error)
      response.destroy()
    })
    clientErrors.took({ request, response, served })
    void served.then(() => {
      inHand.delete(response)
      if (inHand.size > 0) return
      for (const resolve of whenIdle) resolve()
      whenIdle = []
    })
  }
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Looked at by `serve`, which says what is wrong.
      requireHostHeader: false,
    },
    take,
  )
  server.on('connection', (socket) => {
    const unwanted = connections.took(socket)
    if (unwanted !== null) refuseOn(unwanted, tooManyConnections(connections), onRefused)
  })
  server.on('clientError', (error, socket) => void clientErrors.answer(error, socket))
  // An expectation that is not known may be left unmet (RFC 9110, 10.1.1).
  server.on('checkExpectation', take)
  server.on('connect', (request, socket) =>
    refuseOn(
      socket,
      {
        status: 405,
        code: 'method_not_allowed',
        message: `CONNECT ${request.url}: this server is no proxy`,
      },
      onRefused,
      request,
    ),
  )
  return {
    server,
    active: () => inHand.size,
    idle: () => (inHand.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    close() {
      closing = true
      for (const response of inHand) response.shouldKeepAlive = false
      server.close()
      server.closeIdleConnections()
    },
    cut: () => server.closeAllConnections(),
  }
}

async function serve(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID()
  const startedAt = performance.now()
  const { stallMs } = options.patience ?? PATIENCE
  const send = (answer: HandlerAnswer): Promise<void> =>
    sendAnswer(response, answer, { bodyless: request.method === 'HEAD', stallMs })
  const refuse = (refused: Refused): Promise<void> =>
    send(refusedAnswer(refused, options.onRefused, { requestId, request, startedAt }))
  // The other side may hang up at any time; what is running goes on, its answer goes nowhere.
  response.on('error', () => {})
  const refused = refusedUnread(options, request, response)
  if (refused !== null) return await refuse(refused)
  const entrance = options.entrance?.() ?? null
  const read = await readEvent(request, { requestId, entrance })
  if (read.kind === 'gone') return
  if (read.kind === 'refused') return await refuse(read.refused)
  await options.storageTime.during(async (storage) => {
    const { answer, working } = await answerInTime(options, { event: read.event, entrance, response })
    if (answer !== null) return await send(answer)
    await refuse(outOfTime(options.timeoutMs, storage()))
    // It stays in hand for as long as it is worked on; a stream that begins now has no reader.
    const unread = await working
    unread.stream?.destroy()
  })
}

/** Of a request whose handler goes on. */
function outOfTime(timeoutMs: number, storage: StorageShare): Refused {
  const late = new Fault('deadline_exceeded', { doing: 'working on the request' })
  const fault = blamingStorage(late, storage)
  if (fault === late) {
    const message = `the request was not answered within ${timeoutMs} ms`
    return { status: 504, code: 'deadline_exceeded', message }
  }
  const retryAfterSeconds = Math.ceil((fault.retryAfterMs ?? 1000) / 1000)
  return { status: 503, code: fault.code, message: faultText(fault), retryAfterSeconds }
}

/** Why a request is not even read; null = it is. */
function refusedUnread(
  { connections, localOnly, entrance }: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Refused | null {
  if (connections.isBeyond(request.socket)) {
    if (!isProbe(request, entrance?.() ?? null)) return tooManyConnections(connections)
    response.shouldKeepAlive = false
  }
  const hosts = countOf('host', request)
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) {
    const message = `the request needs one Host header, it has ${hosts}`
    return { status: 400, code: 'bad_request', message }
  }
  const { host = '' } = targetOf(request)
  const { origin } = request.headers
  if (!localOnly || isLocal(host, origin)) return null
  const named = origin === undefined ? `Host ${host}` : `Host ${host} and Origin ${origin}`
  const message = `${named}: without NEAM_API_KEY this server answers to localhost, 127.0.0.1 and [::1] only`
  return { status: 403, code: 'host_refused', message }
}

type ApiEvent = ReturnType<typeof apiEvent>

/** `gone`: the client went away while sending. */
type Read =
  | { readonly kind: 'event'; readonly event: ApiEvent }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'gone' }

async function readEvent(
  request: IncomingMessage,
  origin: { readonly requestId: string; readonly entrance: Entrance | null },
): Promise<Read> {
  let body: Buffer | null
  try {
    body = await readBody(request)
  } catch {
    return { kind: 'gone' }
  }
  if (body === null) {
    const message = `the body is larger than ${MAX_BODY_BYTES} bytes`
    return { kind: 'refused', refused: { status: 413, code: 'body_too_large', message } }
  }
  try {
    return { kind: 'event', event: apiEvent(request, body, { ...origin, now: Date.now() }) }
  } catch {
    const message = `the path ${request.url} is not well-formed percent-encoding`
    return { kind: 'refused', refused: { status: 400, code: 'bad_request', message } }
  }
}

interface Asked {
  readonly event: ApiEvent
  readonly entrance: Entrance | null
  readonly response: ServerResponse
}

/** Has an event handled. `answer` is null when its time is over; `working` then goes on. */
async function answerInTime(
  { handlers, watchdog, timeoutMs }: HttpServerOptions,
  { event, entrance, response }: Asked,
): Promise<{ readonly answer: HandlerAnswer | null; readonly working: Promise<HandlerAnswer> }> {
  const { requestId, timeEpoch: startedAt, http } = event.requestContext
  const deadlineAt = startedAt + timeoutMs
  const release = watchdog?.holds(response, {
    requestId: requestIdOf(event.headers['x-request-id'], requestId),
    method: http.method,
    route: event.routeKey,
    traceparent: event.headers.traceparent,
    startedAt,
    deadlineAt,
  })
  let isLate = false
  const working = handlers.get(event.routeKey)!(event, {
    ...context(requestId, deadlineAt),
    entrance,
    isAnswered: () => isLate,
  })
  const answer = await withinTime(timeoutMs, working)
  release?.()
  isLate = answer === null
  return { answer, working }
}

/** How often a header stands in a request. */
const countOf = (header: string, { rawHeaders }: IncomingMessage): number =>
  rawHeaders.reduce(
    (count, text, at) => (at % 2 === 0 && text.toLowerCase() === header ? count + 1 : count),
    0,
  )

/** What the work comes to; null when it takes longer. */
async function withinTime<T>(limitMs: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, limitMs, null)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The part of Lambda's context that handlers may rely on. */
const context = (requestId: string, deadlineAt: number): HandlerContext => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'neam-api',
  functionVersion: 'local',
  invokedFunctionArn: 'local',
  memoryLimitInMB: '0',
  awsRequestId: requestId,
  logGroupName: 'local',
  logStreamName: 'local',
  getRemainingTimeInMillis: () => Math.max(0, deadlineAt - Date.now()),
  done: () => {},
  fail: () => {},
  succeed: () => {},
})

const NO_BODY = Buffer.alloc(0)

/** A request without either header has none (RFC 9112, 6.3). */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined

/** The body, null when it is too large; what follows is then left unread. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (!hasBody(request)) return NO_BODY
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

function isLocal(host: string, origin: string | undefined): boolean {
  const isOfHere = (url: string) => LOCAL_NAMES.has(URL.parse(url)?.hostname ?? '')
  return isOfHere(`http://${host}`) && (origin === undefined || isOfHere(origin))
}
