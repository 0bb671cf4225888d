// What API Gateway would make of a request, over a real connection.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { apiEvent, matchRoute } from '../../cli/api-event.ts'
import { Connections } from '../../cli/connections.ts'
import { createHttpServer, type HttpServer } from '../../cli/http-server.ts'
import { connection, raw } from '../support/raw.ts'

const closing: { close(): void }[] = []
afterEach(() => {
  for (const one of closing.splice(0)) one.close()
})

/** The event of a request that is sent as these lines. */
async function eventOf(...lines: readonly string[]): Promise<APIGatewayProxyEventV2> {
  const events: APIGatewayProxyEventV2[] = []
  const server = createServer((request, response) => {
    events.push(apiEvent(request, Buffer.alloc(0), { requestId: 'r-1', now: 0 }))
    response.end()
  }).listen(0, '127.0.0.1')
  closing.push(server)
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await raw(url, [...lines, 'Connection: close', '', ''].join('\r\n'))
  return events[0]!
}

test('headers have names in lower case, and values of one name are joined; cookies stand apart', async () => {
  const { headers, cookies } = await eventOf(
    'GET /health HTTP/1.1',
    'Host: a',
    'X-Two: 1',
    'x-two: 2',
    'Cookie: k=v; l=w',
    'Authorization: Bearer x',
    'authorization: Bearer y',
    '__proto__: p',
  )
  expect(Object.entries(headers)).toEqual([
    ['host', 'a'],
    ['x-two', '1,2'],
    ['authorization', 'Bearer x,Bearer y'],
    ['__proto__', 'p'],
    ['connection', 'close'],
  ])
  expect(cookies).toEqual(['k=v', 'l=w'])
})

test('a query is told as it came, and by its names with values of one name joined', async () => {
  expect(await eventOf('GET /health?a=1&b=%20&a=2?3 HTTP/1.1', 'Host: a')).toMatchObject({
    rawPath: '/health',
    rawQueryString: 'a=1&b=%20&a=2?3',
    queryStringParameters: { a: '1,2?3', b: ' ' },
  })
  expect(await eventOf('GET /health? HTTP/1.1', 'Host: a')).not.toHaveProperty('queryStringParameters')
})

test.each([
  ['GET', '/api/v1/claw', 'GET /api/v1/claw', {}],
  ['GET', '/api/v1/claw/', 'ANY /{proxy+}', { proxy: 'api/v1/claw/' }],
  ['POST', '/api/v1/forge/a%2Fb/start', 'POST /api/v1/forge/{agent}/start', { agent: 'a/b' }],
  ['POST', '/api/v1/forge//start', 'ANY /{proxy+}', { proxy: 'api/v1/forge//start' }],
  ['PATCH', '/health', 'ANY /{proxy+}', { proxy: 'health' }],
])('%s %s is for %s', (method, path, key, params) => {
  const match = matchRoute(method, path)
  expect([`${match.route.method} ${match.route.path}`, match.params]).toEqual([key, params])
})

test('a path that is not well-formed percent-encoding is for no route', () => {
  expect(() => matchRoute('GET', '/api/v1/forge/%zz/status')).toThrow(URIError)
})

test('a request whose client has gone before its answer is in hand no more, nor are those behind it', async () => {
  const slow = Promise.withResolvers<{ statusCode: number; body: string }>()
  const asked: string[] = []
  const begun = Promise.withResolvers<void>()
  const http: HttpServer = createHttpServer({
    handlers: new Map([
      [
        'GET /health',
        async ({ rawQueryString }: APIGatewayProxyEventV2) => {
          asked.push(rawQueryString)
          if (asked.length === 2) begun.resolve()
          return rawQueryString === 'slow' ? await slow.promise : { statusCode: 200, body: '{}' }
        },
      ],
    ]),
    timeoutMs: 10_000,
    localOnly: false,
    connections: new Connections(10),
    storageTime: NO_STORAGE_TIME,
    onRefused: () => {},
    onError: (error) => {
      throw error
    },
  })
  closing.push(http.server)
  http.server.listen(0, '127.0.0.1')
  await once(http.server, 'listening')
  const socket = connection(`http://127.0.0.1:${(http.server.address() as AddressInfo).port}`)
  const accepted = once(http.server, 'connection')
  socket.write('GET /health?slow HTTP/1.1\r\nHost: a\r\n\r\nGET /health?fast HTTP/1.1\r\nHost: a\r\n\r\n')
  const [serverSide] = await accepted
  await begun.promise
  expect([asked, http.active()]).toEqual([['slow', 'fast'], 2])
  socket.destroy()
  await once(serverSide, 'close')
  slow.resolve({ statusCode: 200, body: '{}' })
  await http.idle()
  expect(http.active()).toBe(0)
})
