// What the edge makes of handlers and events that are not as they should be (reliability 3.5: H10, H12, H15).
import { beforeEach, describe, expect, test } from '@jest/globals'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { NO_TRACING } from '../../agents/ports/tracing.ts'
import type { Edge, RouteHandler } from '../../lambda/edge.ts'
import { edgeHandler } from '../../lambda/edge-handler.ts'
import { ROUTES } from '../../lambda/routes.ts'
import { systemClock } from '../../runtime/time.ts'
import { CONTEXT, gatewayEvent } from '../support/system.ts'

const HEALTH = ROUTES.find(({ path }) => path === '/health')!

let logged: Readonly<Record<string, unknown>>[]
let edge: Edge
beforeEach(() => {
  logged = []
  edge = {
    system: async () => {
      throw new Error('no system is needed')
    },
    clock: systemClock,
    tracing: NO_TRACING,
    storageTime: NO_STORAGE_TIME,
    log: (record) => logged.push(record),
    draining: () => false,
    uptimeSeconds: () => 0,
    streams: false,
    shutdown: new AbortController().signal,
  }
})

const answerOf = async (handle: RouteHandler, event: object = {}) => {
  const whole = { ...gatewayEvent('GET', '/health'), ...event }
  const { statusCode, body } = await edgeHandler(HEALTH, handle, edge)(whole, CONTEXT)
  return { status: statusCode, body: JSON.parse(body ?? 'null') }
}

describe('a handler that fails with what is no Fault', () => {
  test.each([
    ['an error', () => new TypeError('secret detail')],
    ['a text', () => 'secret detail'],
    ['undefined', () => undefined],
    ['null', () => null],
  ])('%s: is answered 500 without its text, and logged once', async (_name, made) => {
    const { status, body } = await answerOf(async () => {
      throw made()
    })
    expect([status, body]).toEqual([
      500,
      {
        error: 'Internal Server Error',
        message: 'internal error',
        code: 'internal',
        request_id: 'gateway-request',
      },
    ])
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})

describe('a handler that does not end', () => {
  test('is answered for as out of time, before its function is cut off', async () => {
    const endless: RouteHandler = () => new Promise(() => {})
    const context = { ...CONTEXT, getRemainingTimeInMillis: () => 1000 }
    const { statusCode, body } = await edgeHandler(
      HEALTH,
      endless,
      edge,
    )(gatewayEvent('GET', '/health'), context)
    expect([statusCode, JSON.parse(body ?? 'null')]).toEqual([
      504,
      {
        error: 'Gateway Timeout',
        message: 'out of time while working on the request',
        code: 'deadline_exceeded',
        request_id: 'gateway-request',
      },
    ])
    expect(logged).toMatchObject([
      { level: 'error', code: 'deadline_exceeded' },
      { message: 'request', route: 'GET /health', status: 504 },
    ])
  })
})

describe('an answer', () => {
  const text = (character: string, length: number) =>
    answerOf(async () => ({ body: character.repeat(length) }))

  test('of as many bytes as Lambda can send is sent', async () => {
    expect((await text('x', 5_900_000)).status).toBe(200)
  })

  test.each([
    ['letters', 'x', 6_000_001],
    ['quotes, which are written as more bytes than they are', '"', 1_600_000],
    ['letters of three bytes', '世', 2_100_000],
  ])('of more is refused, and says what to do: %s', async (_name, character, length) => {
    const { status, body } = await text(character, length)
    expect([status, body]).toMatchObject([
      413,
      { code: 'export_too_large', limit: 6_000_000, message: expect.stringContaining('limit=') },
    ])
  })
})

test.each([
  ['headers', { headers: undefined }],
  ['path parameters', { pathParameters: undefined }],
  ['a body', { body: undefined, isBase64Encoded: true }],
])('an event without %s is answered', async (_name, change) => {
  expect(await answerOf(async () => ({ body: { fine: true } }), change)).toEqual({
    status: 200,
    body: { fine: true },
  })
})
