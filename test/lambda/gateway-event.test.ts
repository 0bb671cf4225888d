// What API Gateway sends, and what handlers get of it (reliability 3.5, H10).
import { describe, expect, test } from '@jest/globals'
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import { gatewayEvent, httpEvent } from '../../lambda/gateway-event.ts'

/** An event of format 2.0. */
const event = (given: {
  readonly rawPath?: string
  readonly stage?: string
  readonly proxy?: string
  readonly headers?: Readonly<Record<string, string>>
}): APIGatewayProxyEventV2 => {
  const { rawPath = '/v1/chat', stage = '$default', proxy, headers = {} } = given
  return {
    version: '2.0',
    routeKey: 'ANY /{proxy+}',
    rawPath,
    headers,
    ...(proxy === undefined ? {} : { pathParameters: { proxy } }),
    requestContext: { stage, http: { method: 'POST', path: rawPath } },
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2
}

describe('the path of an HTTP API', () => {
  test.each([
    ['is whole without a named stage', { rawPath: '/v1/chat' }, '/v1/chat'],
    ['begins behind the stage', { rawPath: '/prod/v1/chat', stage: 'prod' }, '/v1/chat'],
    ['is / at the stage itself', { rawPath: '/prod', stage: 'prod' }, '/'],
    ['is / behind the stage', { rawPath: '/prod/', stage: 'prod' }, '/'],
    ['stays when it only begins like the stage', { rawPath: '/product', stage: 'prod' }, '/product'],
    ['loses the stage once', { rawPath: '/prod/prod/chat', stage: 'prod', proxy: 'prod/chat' }, '/prod/chat'],
    [
      'stays when a custom domain stands for the stage',
      { rawPath: '/v1/chat', stage: 'v1', proxy: 'v1/chat' },
      '/v1/chat',
    ],
    [
      'stays there with its escapes, too',
      { rawPath: '/v1/ch%61t', stage: 'v1', proxy: 'v1/chat' },
      '/v1/ch%61t',
    ],
    ['stays when it is not well-formed', { rawPath: '/v1/%zz' }, '/v1/%zz'],
  ])('%s', (_name, given, path) => {
    expect(httpEvent(event(given)).rawPath).toBe(path)
  })
})

test('names of headers come in lower case; values of one name are joined', () => {
  const headers = { Authorization: 'Bearer key', 'X-Request-ID': 'one', Accept: 'text/html', accept: '*/*' }
  expect(httpEvent(event({ headers })).headers).toEqual({
    authorization: 'Bearer key',
    'x-request-id': 'one',
    accept: 'text/html,*/*',
  })
})

test('a header that is called like a property of every object is a header', () => {
  expect(httpEvent(event({ headers: { Constructor: 'one' } })).headers).toEqual({ constructor: 'one' })
})

test('an event without headers, body and parameters is a request without them', () => {
  const { headers: _headers, ...bare } = event({})
  expect(httpEvent(bare as APIGatewayProxyEventV2)).toEqual({ ...bare, headers: {} })
})

test('null for a body is none', () => {
  expect('body' in httpEvent({ ...event({}), body: null! })).toBe(false)
})

describe('an event of format 1.0', () => {
  const rest = (given: Partial<APIGatewayProxyEvent>): APIGatewayProxyEvent => ({
    httpMethod: 'POST',
    resource: '/api/v1/claw/{agent}/sessions/{key}/message',
    path: '/chat-base/api/v1/claw/Shop/sessions/al%2Fice/message',
    headers: { 'Content-Type': 'application/json', 'X-A': 'two' },
    multiValueHeaders: { 'Content-Type': ['application/json'], 'X-A': ['one', 'two'] },
    queryStringParameters: { limit: '2' },
    multiValueQueryStringParameters: { limit: ['1', '2'] },
    pathParameters: { agent: 'Shop', key: 'al%2Fice' },
    stageVariables: null,
    body: null,
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'rest',
      domainName: 'agents.example.com',
      identity: { sourceIp: '192.0.2.1', userAgent: null },
      requestId: 'of-the-gateway',
      stage: 'stream',
      protocol: 'HTTP/1.1',
      requestTimeEpoch: 0,
    } as unknown as APIGatewayProxyEvent['requestContext'],
    ...given,
  })

  test('is one of format 2.0: values joined, parameters decoded, no base path of a custom domain, no body', () => {
    expect(httpEvent(rest({}))).toMatchObject({
      routeKey: 'POST /api/v1/claw/{agent}/sessions/{key}/message',
      rawPath: '/api/v1/claw/Shop/sessions/al%2Fice/message',
      headers: { 'content-type': 'application/json', 'x-a': 'one,two' },
      queryStringParameters: { limit: '1,2' },
      pathParameters: { agent: 'Shop', key: 'al/ice' },
      requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1', userAgent: '' } },
      isBase64Encoded: false,
    })
    expect('body' in httpEvent(rest({}))).toBe(false)
  })

  test('may have single values only, and bytes as its body', () => {
    const bytes = { body: '//4=', isBase64Encoded: true }
    const single = rest({ ...bytes, multiValueHeaders: null!, multiValueQueryStringParameters: null })
    expect(httpEvent(single)).toMatchObject({
      ...bytes,
      headers: { 'content-type': 'application/json', 'x-a': 'two' },
      queryStringParameters: { limit: '2' },
    })
  })

  test('of the last route has the path that it took in', () => {
    const { rawPath } = httpEvent(rest({ resource: '/{proxy+}', pathParameters: { proxy: 'v1/ch%61t' } }))
    expect(rawPath).toBe('/v1/ch%61t')
  })
})

describe('an event', () => {
  test.each([
    ['of format 2.0', event({})],
    [
      'of format 1.0',
      { httpMethod: 'GET', resource: '/health', requestContext: { identity: { sourceIp: '192.0.2.1' } } },
    ],
  ])('%s is a request of API Gateway', (_name, sent) => {
    expect(gatewayEvent(sent)).toBe(sent)
  })

  test.each([
    ['null', null],
    ['a text', 'hello'],
    ['a list', []],
    ["the console's example", { key1: 'value1', key2: 'value2' }],
    ['of a schedule', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }],
    ['of a load balancer', { httpMethod: 'GET', path: '/health', requestContext: { elb: {} } }],
    ['without requestContext', { version: '2.0', routeKey: 'GET /health', rawPath: '/health' }],
  ])('that is none is refused, with what is missing: %s', (_name, sent) => {
    expect(() => gatewayEvent(sent)).toThrow(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringContaining('neither routeKey, rawPath and requestContext.http'),
      }),
    )
  })
})
