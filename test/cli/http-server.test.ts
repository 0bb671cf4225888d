import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { NO_STORAGE_TIME, type StorageTime } from '../../agents/ports/storage-time.ts'
import { NO_TRACING } from '../../agents/ports/tracing.ts'
import { Connections } from '../../cli/connections.ts'
import { createHttpServer, type HttpServer } from '../../cli/http-server.ts'
import type { OnRefused, ToldRefusal } from '../../cli/refused-answer.ts'
import type { Edge, Handler, RouteAnswer } from '../../lambda/edge.ts'
import { edgeHandler } from '../../lambda/edge-handler.ts'
import { recordRequest } from '../../lambda/middleware/access-log.ts'
import { requestTimesOf } from '../../lambda/request-times.ts'
import { ROUTES } from '../../lambda/routes.ts'
import { systemClock } from '../../runtime/time.ts'

let http: HttpServer
let refused: ToldRefusal[]
beforeEach(() => {
  refused = []
})
afterEach(() => {
  http.server.closeAllConnections()
  http.server.close()
})

/** Serves `GET /health` with a handler; answers the URL of it. */
async function serve(
  handler: Handler,
  timeoutMs: number,
  onRefused: OnRefused = (refusal) => refused.push(refusal),
  storageTime: StorageTime = NO_STORAGE_TIME,
): Promise<string> {
  http = createHttpServer({
    handlers: new Map([['GET /health', handler]]),
    timeoutMs,
    localOnly: true,
    connections: new Connections(10),
    storageTime,
    onRefused,
    onError: (error) => {
      throw error
    },
  })
  await new Promise<void>((resolve) => http.server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.server.address() as AddressInfo).port}/health`
}

test('a handler knows how much time is left', async () => {
  const left: number[] = []
  const url = await serve(async (_event, context) => {
    left.push(context.getRemainingTimeInMillis())
    return { statusCode: 204 }
  }, 5000)
  expect((await fetch(url)).status).toBe(204)
  expect(left[0]).toBeGreaterThan(4000)
  expect(left[0]).toBeLessThanOrEqual(5000)
})

test('one that does not answer in time is answered for, and stays in hand until it ends', async () => {
  const work = Promise.withResolvers<{ statusCode: number; stream: Readable }>()
  const url = await serve(() => work.promise, 50)
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('connection'), await answer.json()]).toEqual([
    504,
    'close',
    {
      error: 'Gateway Timeout',
      message: 'the request was not answered within 50 ms',
      code: 'deadline_exceeded',
      request_id: answer.headers.get('x-request-id'),
    },
  ])
  expect(refused).toMatchObject([{ status: 504, code: 'deadline_exceeded', request: { method: 'GET' } }])
  expect(http.active()).toBe(1)
  const stream = Readable.from(['too late'])
  work.resolve({ statusCode: 200, stream })
  await http.idle()
  expect(stream.destroyed).toBe(true)
  expect(http.active()).toBe(0)
})

test('one that lost its time to slow storage is answered so, with when to come again', async () => {
  const work = Promise.withResolvers<{ statusCode: number }>()
  const slowest = { operation: 'fsync', files: 'sessions', ms: 30 }
  const url = await serve(() => work.promise, 50, undefined, {
    ...NO_STORAGE_TIME,
    during: (work) => work(() => ({ ms: 45, ofMs: 50, slowest })),
  })
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
    503,
    '5',
    {
      error: 'Service Unavailable',
      message: expect.stringContaining(
        '45 of 50 ms went to storage, whose slowest call, one fsync of sessions files, took 30 ms',
      ),
      code: 'storage_slow',
    },
  ])
  expect(refused).toMatchObject([{ status: 503, code: 'storage_slow' }])
  work.resolve({ statusCode: 200 })
  await http.idle()
})

test.each([
  ['succeeds', (late: PromiseWithResolvers<RouteAnswer>) => late.resolve({ body: {} })],
  ['fails', (late: PromiseWithResolvers<RouteAnswer>) => late.reject(new Error('too late'))],
])(
  'a request that was answered 504 is logged and counted once, when its handler %s later',
  async (_name, end) => {
    const logged: Readonly<Record<string, unknown>>[] = []
    const edge: Edge = {
      system: async () => {
        throw new Error('no system is needed')
      },
      clock: systemClock,
      tracing: NO_TRACING,
      storageTime: NO_STORAGE_TIME,
      log: (record) => logged.push(record),
      answersLate: true,
      draining: () => false,
      uptimeSeconds: () => 0,
      streams: false,
      shutdown: new AbortController().signal,
    }
    const health = ROUTES.find(({ path }) => path === '/health')!
    const late = Promise.withResolvers<RouteAnswer>()
    const onRefused = ({ request, ...refusal }: ToldRefusal) =>
      recordRequest(edge, { ...refusal, traceId: null, route: health, method: request?.method })
    const url = await serve(
      edgeHandler(health, () => late.promise, edge),
      50,
      onRefused,
    )
    expect((await fetch(url)).status).toBe(504)
    end(late)
    await http.idle()
    expect(logged.filter(({ message }) => message === 'request')).toMatchObject([
      { route: 'GET /health', status: 504, code: 'deadline_exceeded' },
    ])
    expect(requestTimesOf(edge).total()).toMatchObject({ count: 1, errors: 1 })
  },
)
