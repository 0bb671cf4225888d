// What no well-behaved client sends (reliability 3.5: H02, H03, H11, H17), as bytes on a socket.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { Connections } from '../../cli/connections.ts'
import { createHttpServer, type HttpServer, type Patience } from '../../cli/http-server.ts'
import type { ToldRefusal } from '../../cli/refused-answer.ts'
import type { Handler } from '../../lambda/edge.ts'
import { checkAnswer } from '../support/check-answer.ts'
import { fetch } from '../support/fetch.ts'
import { logLines } from '../support/logged.ts'
import { answered, connection, raw } from '../support/raw.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const KEY = 'api-key-of-the-wire-test'

let server: Server
beforeAll(async () => {
  server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
    NEAM_SESSIONS_DIR: temporaryDirectory(),
    NEAM_API_KEY: KEY,
  })
})
afterAll(async () => {
  await server.stop()
})

/** The answers that came on a connection, in their order. */
const answersIn = (text: string) =>
  text
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((one) => one !== '')
    .map((one) => {
      const [head = '', body = ''] = one.split('\r\n\r\n')
      const [line = '', ...lines] = head.split('\r\n')
      const headers = Object.fromEntries(lines.map((header) => header.split(/: (.*)/).slice(0, 2)))
      return { status: Number(line.split(' ')[1]), headers, body: Buffer.from(body) }
    })

/** What the server logged of a request; its log may come later than its answer. */
async function lines(requestId: string): Promise<readonly Record<string, unknown>[]> {
  const found = () => logLines(server).filter((line) => line.request_id === requestId)
  await until(() => found().length > 0)
  return found()
}

/** More than the buffers of a connection hold. */
const LARGE = 'x'.repeat(32 * 1024 * 1024)

const HOST = 'Host: localhost\r\n'
/** A request that must not be answered: it is part of the one before, or comes after a broken one. */
const HIDDEN = `GET /health HTTP/1.1\r\n${HOST}\r\n`
const POST = `POST /api/v1/claw/support_bot/sessions/a/message HTTP/1.1\r\n${HOST}`

describe('a request that is not well-formed', () => {
  test.each([
    ['nonsense', 'NONSENSE\r\n\r\n', 400, 'bad_request'],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400, 'bad_request'],
    ['two Hosts', `GET /health HTTP/1.1\r\n${HOST}Host: evil.example\r\n\r\n`, 400, 'bad_request'],
    ['a version that is not known', `GET /health HTTP/9.1\r\n${HOST}\r\n`, 400, 'bad_request'],
    ['a space before the colon', `GET /health HTTP/1.1\r\n${HOST}X-A : b\r\n\r\n`, 400, 'bad_request'],
    ['a zero byte in a header', `GET /health HTTP/1.1\r\n${HOST}X-A: b\0c\r\n\r\n`, 400, 'bad_request'],
    [
      'two lengths',
      `${POST}Content-Length: 2\r\nContent-Length: ${HIDDEN.length + 2}\r\n\r\n{}`,
      400,
      'bad_request',
    ],
    [
      'a length and chunks',
      `${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'bad_request',
    ],
    [
      'chunks that are not last',
      `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      400,
      'bad_request',
    ],
    ['a negative length', `${POST}Content-Length: -1\r\n\r\n`, 400, 'bad_request'],
    ['a chunk without a size', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`, 400, 'bad_request'],
    [
      'a chunk that is longer than it says',
      `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`,
      400,
      'bad_request',
    ],
    [
      'a flood of chunk extensions',
      `${POST}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
      413,
      'body_too_large',
    ],
    [
      'one large header',
      `GET /health HTTP/1.1\r\n${HOST}X-A: ${'b'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'a flood of headers',
      `GET /health HTTP/1.1\r\n${HOST}${Array.from({ length: 4000 }, (_, n) => `X-${n}: b\r\n`).join('')}\r\n`,
      431,
      'headers_too_large',
    ],
    ['a method that nobody knows', `BREW /health HTTP/1.1\r\n${HOST}\r\n`, 501, 'method_unknown'],
    ['a method in small letters', `get /health HTTP/1.1\r\n${HOST}\r\n`, 501, 'method_unknown'],
    ['a TLS handshake', '\x16\x03\x01\r\n\r\n', 400, 'bad_request'],
    [
      'a proxy’s method',
      `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      405,
      'method_not_allowed',
    ],
  ])('%s: is answered once, as every error is, and nothing behind it', async (_name, text, status, code) => {
    const answers = answersIn(await raw(server.url, text + HIDDEN))
    expect(answers.map((answer) => answer.status)).toEqual([status])
    const [answer] = answers
    checkAnswer('GET', '/%', answer!)
    const { request_id, ...body } = JSON.parse(answer!.body.toString())
    expect(body).toMatchObject({ code })
    expect([request_id, answer!.headers.connection]).toEqual([answer!.headers['x-request-id'], 'close'])
    expect(await lines(request_id)).toMatchObject([
      { message: 'request', status, code, trace_id: answer!.headers.traceparent!.slice(3, 35) },
    ])
  })
})

describe('what is refused before any handler', () => {
  /** What the figures tell of a route. */
  const figures = async (route: string) => {
    const answer = await fetch(`${server.url}/api/v1/metrics`, {
      headers: { authorization: `Bearer ${KEY}` },
    })
    const { routes } = (await answer.json()) as { routes: Record<string, { count: number; errors: number }> }
    return routes[route] ?? { count: 0, errors: 0 }
  }

  test.each([
    ['nonsense, of no route', 'NONSENSE\r\n\r\n', 'none', undefined],
    ['a path that cannot be read', `GET /%zz HTTP/1.1\r\n${HOST}\r\n`, 'none', 'GET'],
    [
      'a body that is too large, of its route',
      `${POST}Content-Length: 1100000\r\n\r\n${'x'.repeat(1_100_000)}`,
      'POST /api/v1/claw/{agent}/sessions/{key}/message',
      'POST',
    ],
    [
      'a chunk without a size, of its route',
      `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      'POST /api/v1/claw/{agent}/sessions/{key}/message',
      'POST',
    ],
    [
      'a proxy’s method, which falls to the last route',
      `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`,
      'ANY /{proxy+}',
      'CONNECT',
    ],
  ])('%s: has its line in the log, and counts', async (_name, text, route, method) => {
    const before = await figures(route)
    const [answer] = answersIn(await raw(server.url, text))
    const { request_id, code } = JSON.parse(answer!.body.toString())
    const [line, ...others] = await lines(request_id)
    expect([line, others]).toMatchObject([{ route, status: answer!.status, code }, []])
    expect(line!.method).toBe(method)
    expect(await figures(route)).toMatchObject({ count: before.count + 1, errors: before.errors })
  })
})

describe("the caller's request id", () => {
  const BROKEN: readonly (readonly [what: string, request: (header: string) => string])[] = [
    ['a path that cannot be read', (header) => `GET /%zz HTTP/1.1\r\n${HOST}${header}\r\n`],
    ['two Hosts', (header) => `GET /health HTTP/1.1\r\n${HOST}Host: b\r\n${header}\r\n`],
    ['a chunk without a size', (header) => `${POST}${header}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['a proxy’s method', (header) => `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}${header}\r\n`],
  ]

  test.each(BROKEN)('stands in the refusal of %s, and in its line of the log', async (what, request) => {
    const id = `mine-${BROKEN.findIndex(([one]) => one === what)}`
    const [answer] = answersIn(await raw(server.url, request(`X-Request-Id: ${id}\r\n`)))
    expect(answer!.headers['x-request-id']).toBe(id)
    expect(JSON.parse(answer!.body.toString()).request_id).toBe(id)
    expect(await lines(id)).toMatchObject([{ message: 'request', status: answer!.status }])
  })

  test.each([
    ['is no plain one', 'X-Request-Id: a b\r\n'],
    ['stands twice', 'X-Request-Id: a\r\nX-Request-Id: b\r\n'],
  ])('that %s is not repeated in a refusal', async (_name, header) => {
    const [answer] = answersIn(await raw(server.url, `GET /%zz HTTP/1.1\r\n${HOST}${header}\r\n`))
    expect(answer!.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('requests that come at once', () => {
  test('are answered in their order', async () => {
    const closing = `GET /nowhere HTTP/1.1\r\n${HOST}Authorization: Bearer ${KEY}\r\nConnection: close\r\n\r\n`
    const answers = answersIn(await raw(server.url, HIDDEN + HIDDEN + closing))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404])
  })

  test('are answered up to the one that is broken', async () => {
    const answers = answersIn(await raw(server.url, `${HIDDEN}NONSENSE\r\n\r\n${HIDDEN}`))
    expect(answers.map(({ status }) => status)).toEqual([200, 400])
  })
})

describe('a whole URL as the target of a request', () => {
  const ask = async (target: string, authorization = '') => {
    const text = `GET ${target} HTTP/1.1\r\n${HOST}${authorization}Connection: close\r\n\r\n`
    const [answer] = answersIn(await raw(server.url, text))
    return { status: answer!.status, body: JSON.parse(answer!.body.toString()) }
  }

  test.each([
    'http://agents.example/health',
    'HTTP://agents.example:8080/health?x=1',
    'https://[::1]/health',
  ])('%s is answered as its path', async (target) => {
    expect(await ask(target)).toMatchObject({ status: 200, body: { status: 'ok' } })
  })

  test.each(['http://agents.example', 'http://agents.example/', 'http://agents.example?x=1'])(
    '%s is the path /',
    async (target) => {
      expect(await ask(target, `Authorization: Bearer ${KEY}\r\n`)).toMatchObject({
        status: 404,
        body: { message: 'Route not found: GET /' },
      })
    },
  )
})

test('a client that has closed its side for sending is answered', async () => {
  const socket = connection(server.url)
  socket.end(HIDDEN)
  expect(answersIn(await answered(socket))).toMatchObject([{ status: 200 }])
})

test('an expectation that is not known is left unmet', async () => {
  const answers = await raw(
    server.url,
    `GET /health HTTP/1.1\r\n${HOST}Expect: a-miracle\r\nConnection: close\r\n\r\n`,
  )
  expect(answersIn(answers)).toMatchObject([{ status: 200 }])
})

test('a client that goes away in the middle of its body harms nobody', async () => {
  const socket = connection(server.url)
  socket.write(`${POST}Content-Length: 100\r\n\r\n{"message"`, () => socket.resetAndDestroy())
  await once(socket, 'close')
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
})

describe('a server without keys', () => {
  test('goes by the host of a whole URL, not by the header beside it', async () => {
    const open = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
    const ask = async (target: string) => {
      const text = `GET ${target} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
      return answersIn(await raw(open.url, text)).map(({ status }) => status)
    }
    expect(await ask('http://localhost:8080/health')).toEqual([200])
    for (const evil of ['http://evil.example/health', 'http://localhost@evil.example/health'])
      expect(await ask(evil)).toEqual([403])
  }, 20_000)
})

describe('a client', () => {
  let http: HttpServer
  let refused: ToldRefusal[]
  beforeEach(() => {
    refused = []
  })
  afterEach(() => {
    http.server.closeAllConnections()
    http.server.close()
  })
  const impatient = async (handler: Handler, patience: Partial<Patience> = {}): Promise<string> => {
    http = createHttpServer({
      handlers: new Map([['GET /health', handler]]),
      timeoutMs: 5000,
      patience: {
        headersMs: 50,
        requestMs: 100,
        stallMs: 1000,
        keepAliveMs: 1000,
        checkMs: 10,
        ...patience,
      },
      localOnly: true,
      connections: new Connections(10),
      storageTime: NO_STORAGE_TIME,
      onRefused: (refusal) => refused.push(refusal),
      onError: (error) => {
        throw error
      },
    })
    http.server.listen(0, '127.0.0.1')
    await once(http.server, 'listening')
    return `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  }
  const never: Handler = () => {
    throw new Error('no request came in whole')
  }

  test.each([
    ['with its headers', `GET /health HTTP/1.1\r\n${HOST}X-Slow`],
    ['with its body', `GET /health HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\n{`],
    ['with a chunk', `GET /health HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\n{`],
  ])('that is too slow %s is answered 408, and its connection closed', async (_name, text) => {
    const answers = answersIn(await raw(await impatient(never), text))
    expect(answers.map(({ status }) => status)).toEqual([408])
    checkAnswer('GET', '/%', answers[0]!)
    expect(JSON.parse(answers[0]!.body.toString())).toMatchObject({
      error: 'Request Timeout',
      code: 'request_timeout',
    })
    expect(refused).toMatchObject([{ status: 408, code: 'request_timeout' }])
    expect(http.active()).toBe(0)
  })

  test.each([
    ['an answer', () => ({ body: LARGE })],
    ['a stream', () => ({ stream: Readable.from([LARGE, LARGE]) })],
  ])('that takes nothing of %s loses its connection, and no request stays in hand', async (_name, sent) => {
    const url = await impatient(async () => ({ statusCode: 200, ...sent() }), { stallMs: 50 })
    const taken = once(http.server, 'connection')
    const socket = connection(url)
    socket.on('error', () => {})
    socket.pause()
    socket.write(HIDDEN)
    const [theirs] = await taken
    await once(theirs, 'close')
    await http.idle()
    socket.destroy()
  })

  test('that takes its answer keeps its connection for the next request', async () => {
    const url = await impatient(async () => ({ statusCode: 200, body: LARGE }), { stallMs: 10_000 })
    const socket = connection(url)
    socket.write(HIDDEN + HIDDEN.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    const answers = answersIn(await answered(socket))
    expect(answers.map(({ status, body }) => [status, body.length])).toEqual([
      [200, LARGE.length],
      [200, LARGE.length],
    ])
  })

  test('that breaks its connection off has sent no broken request: nobody is answered, and nothing counted', async () => {
    const url = await impatient(never, { headersMs: 10_000, requestMs: 10_000 })
    const broken = once(http.server, 'clientError')
    const socket = connection(url)
    socket.on('error', () => {})
    socket.write(`GET /health HTTP/1.1\r\n${HOST}`)
    const [taken] = await once(http.server, 'connection')
    await once(taken, 'data')
    socket.resetAndDestroy()
    const [{ code }] = await broken
    expect([code, refused]).toEqual(['ECONNRESET', []])
  })
})
