import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { systemClock } from '../../runtime/time.ts'
import { type TestApi, testApi } from '../support/system.ts'

interface Prelude {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
}
type Streamed = (event: APIGatewayProxyEvent, response: PassThrough, context: Context) => Promise<void>

/** What Lambda's runtime gives to functions that stream. */
const preludes = new WeakMap<PassThrough, Prelude>()
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Streamed) => handler,
    HttpResponseStream: {
      from: (response: PassThrough, prelude: Prelude) => {
        preludes.set(response, prelude)
        return response
      },
    },
  },
})
const { streamHandler } = await import('../../lambda/stream-handler.ts')

let api: TestApi
let handler: Streamed
beforeEach(async () => {
  api = await testApi()
  const { system } = api
  handler = streamHandler({
    system: async () => system,
    clock: systemClock,
    tracing: system.world.tracing,
    storageTime: system.world.storageTime,
    log: () => {},
    streams: true,
    draining: () => false,
    uptimeSeconds: () => 1,
    shutdown: new AbortController().signal,
  }) as unknown as Streamed
})

const MESSAGE = '/api/v1/claw/{agent}/sessions/{key}/message'
const EVENTS = '/api/v1/claw/{agent}/sessions/{key}/turns/{id}/events'
const STREAM = { Accept: 'text/event-stream' }

function restEvent(
  method: string,
  resource: string,
  given: {
    readonly params: Readonly<Record<string, string>>
    readonly headers?: Readonly<Record<string, string>>
    readonly query?: Readonly<Record<string, string>>
    readonly body?: string
  },
): APIGatewayProxyEvent {
  const { params, headers = {}, query = {}, body = null } = given
  const several = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]))
  return {
    httpMethod: method,
    resource,
    path: resource.replace(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? ''),
    headers,
    multiValueHeaders: several(headers),
    queryStringParameters: query,
    multiValueQueryStringParameters: several(query),
    pathParameters: params,
    stageVariables: null,
    body,
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'rest',
      domainName: 'rest.example.com',
      identity: { sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'gateway-request',
      stage: 'stream',
      protocol: 'HTTP/1.1',
      requestTimeEpoch: 0,
    },
  } as unknown as APIGatewayProxyEvent
}

const CONTEXT = { awsRequestId: 'one', getRemainingTimeInMillis: () => 900_000 } as Context

async function call(event: APIGatewayProxyEvent) {
  const response = new PassThrough()
  const [body] = await Promise.all([text(response), handler(event, response, CONTEXT)])
  return { ...preludes.get(response)!, body }
}

const ask = (headers: Readonly<Record<string, string>>, key = 'ann') =>
  call(
    restEvent('POST', MESSAGE, {
      params: { agent: 'support_bot', key },
      headers,
      body: '{"message": "What is the status of order ORD-12345?"}',
    }),
  )

describe('the streaming function', () => {
  test('streams the events of a message, which is answered before the function ends', async () => {
    const { statusCode, headers, body } = await ask(STREAM)
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream'])
    expect([...body.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual([
      'turn.started',
      'tool.call',
      'tool.result',
      'message.done',
      'turn.done',
    ])
  })

  test.each([
    ['text/event-stream', 'text/event-stream'],
    ['application/json, Text/Event-Stream; q=0.5', 'text/event-stream'],
    ['text/event-stream;q=0', 'application/json'],
    ['application/json, text/event-stream; q=0.000', 'application/json'],
    ['*/*', 'application/json'],
  ])('whoever accepts %s gets %s', async (accept, type) => {
    expect((await ask({ Accept: accept })).headers['content-type']).toBe(type)
  })

  test('gives what came after Last-Event-ID, and JSON to whoever wants no stream', async () => {
    const { body } = await ask(STREAM, 'a%20b')
    const id = /"turn_id":"(\w+)"/.exec(body)![1]!
    const params = { agent: 'support_bot', key: 'a%20b', id }
    const headers = { ...STREAM, 'Last-Event-ID': '6' }
    const rest = await call(restEvent('GET', EVENTS, { params, headers }))
    expect(rest.body).toMatch(/^id: 8\nevent: turn\.done\n.*\n\n$/)
    const listed = await call(restEvent('GET', EVENTS, { params, query: { after: '6' } }))
    expect([listed.headers['content-type'], JSON.parse(listed.body)]).toEqual([
      'application/json',
      expect.objectContaining({ session_key: 'a b', events: [expect.objectContaining({ id: 8 })] }),
    ])
  })

  test('refuses with status and JSON', async () => {
    const event = restEvent('POST', MESSAGE, {
      params: { agent: 'nobody', key: 'ann' },
      headers: STREAM,
      body: '{"message": "Hello"}',
    })
    const { statusCode, body } = await call(event)
    expect([statusCode, JSON.parse(body).code]).toEqual([404, 'agent_not_found'])
  })

  test('does not end before the turn does, though the client has gone', async () => {
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const { world } = api.system
    const { models } = world
    Object.assign(world, {
      models: {
        for: async (agent: Parameters<typeof models.for>[0]) => {
          await held
          return await models.for(agent)
        },
      },
    })
    const response = new PassThrough()
    const event = restEvent('POST', MESSAGE, {
      params: { agent: 'support_bot', key: 'ann' },
      headers: STREAM,
      body: '{"message": "What is the status of order ORD-12345?"}',
    })
    const ended = handler(event, response, CONTEXT).catch(() => {})
    const first = await new Promise<Buffer>((resolve) => response.once('data', resolve))
    response.destroy()
    goOn()
    await ended
    const id = /"turn_id":"(\w+)"/.exec(String(first))![1]!
    const path = `/api/v1/claw/support_bot/sessions/ann/turns/${id}`
    expect((await api.call('GET', path)).body).toMatchObject({ status: 'completed' })
  })
})

test('the HTTP API, which cannot stream, accepts the message and says where to poll', async () => {
  const path = '/api/v1/claw/support_bot/sessions/ann/message'
  const accepted = await api.call('POST', path, {
    body: { message: 'Hello' },
    headers: { accept: 'text/event-stream' },
  })
  expect([accepted.status, accepted.body.events_url]).toEqual([202, expect.stringMatching(/\/events$/)])
  await api.system.turns.idle()
  expect((await api.call('GET', accepted.body.events_url)).body.status).toBe('completed')
})
