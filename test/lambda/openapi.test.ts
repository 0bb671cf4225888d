import { beforeAll, describe, expect, test } from '@jest/globals'
import { Validator } from '@seriousme/openapi-schema-validator'
import * as v from 'valibot'
import { jsonSchema } from '../../lambda/json-schema.ts'
import { ROUTES } from '../../lambda/routes.ts'
import { checkAnswer } from '../support/check-answer.ts'
import { type Answer, type TestApi, testApi } from '../support/system.ts'

let api: TestApi
let document: Answer['body']
beforeAll(async () => {
  api = await testApi()
  document = (await api.call('GET', '/openapi.json')).body
})

const described = ROUTES.filter(({ method }) => method !== 'ANY' && method !== 'HEAD')

describe('the description', () => {
  test('is OpenAPI 3.1', async () => {
    expect(await new Validator().validate(document)).toEqual({ valid: true })
  })

  test.each(described)('tells what $method $path answers, and how it fails', ({ method, path }) => {
    const { responses } = document.paths[path][method.toLowerCase()]
    const { default: failed, ...known } = responses
    expect(failed.content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Error' })
    expect(Object.keys(known)).toContain('200')
    for (const { content } of Object.values<{ content: object }>(known)) {
      for (const { schema } of Object.values<{ schema: object }>({ ...content })) {
        expect(schema).not.toEqual({ type: 'object' })
      }
    }
  })

  test('names the code of every failure', () => {
    const { code } = document.components.schemas.Error.properties
    expect(code.enum).toEqual(expect.arrayContaining(['agent_not_found', 'unauthorized', 'rate_limited']))
  })

  test('holds every route of the table and no other', () => {
    const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(operations.sort()).toEqual(described.map(({ method, path }) => `${method} ${path}`).sort())
  })

  test.each(described)(
    'names the credential and the parameters of $method $path',
    ({ method, path, credential }) => {
      const { security, parameters } = document.paths[path][method.toLowerCase()]
      expect(security.flatMap(Object.keys)).toEqual(
        { open: [], key: ['apiKey'], admin: ['adminKey'] }[credential],
      )
      const inPath = parameters.filter((one: { in: string }) => one.in === 'path')
      expect(inPath.map(({ name }: { name: string }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    },
  )

  test.each(described)('names what $method $path reads of body and query', ({ method, path, ...reads }) => {
    const { requestBody, parameters } = document.paths[path][method.toLowerCase()]
    const inQuery = parameters.some((one: { in: string }) => one.in === 'query')
    expect([requestBody !== undefined, inQuery]).toEqual([reads.body ?? false, reads.query ?? false])
  })

  test('tells where an answer 202 is to be expected', () => {
    const { responses } = document.paths['/api/v1/claw/{agent}/sessions/{key}/message'].post
    expect(responses[202].description).toContain('POST /api/v1/confirm')
    expect(document.paths['/api/v1/confirm'].post.responses[202]).toBeUndefined()
  })

  test('gives every operation an id of its own', () => {
    const ids = described.map(({ method, path }) => document.paths[path][method.toLowerCase()].operationId)
    const given = ids.filter((id) => id !== undefined)
    expect(new Set(given).size).toBe(given.length)
  })
})

test('the parameters of a query string are described as they are validated', () => {
  expect(document.paths['/api/v1/forge/{agent}/runs/{id}'].get.parameters.slice(2)).toEqual(
    ['from', 'limit'].map((name) => ({
      name,
      in: 'query',
      required: false,
      schema: { type: 'string', pattern: '^\\d{1,9}$' },
    })),
  )
})

describe('documented bodies', () => {
  const bodied = described.filter(({ body }) => body)

  test.each(bodied)(
    'of $path: an empty one and unknown fields are refused as documented',
    async ({ path }) => {
      const { requestBody } = document.paths[path].post
      const schema = requestBody.content['application/json'].schema
      const url = path.replaceAll(/\{\w+\}/g, 'nobody')
      const send = async (body: unknown) =>
        (await api.call('POST', url, { body, sourceIp: '127.0.0.1' })).status
      expect((await send({ no_such_field: 1 })) === 400).toBe(
        (schema.oneOf ?? [schema])[0].additionalProperties === false,
      )
      if (requestBody.required) expect(await send({})).toBe(400)
      else expect(await send({})).not.toBe(400)
    },
  )

  test('of a forge start: numbers with their bounds, files as text or base64', () => {
    const { requestBody } = document.paths['/api/v1/forge/{agent}/start'].post
    expect(requestBody).toEqual({
      required: false,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              max_iterations: { type: 'integer', minimum: 1 },
              max_cost: { type: 'number', exclusiveMinimum: 0 },
              plan: { type: 'string' },
              prompt: { type: 'string' },
              files: {
                type: 'object',
                additionalProperties: {
                  oneOf: [
                    { type: 'string' },
                    {
                      type: 'object',
                      properties: { base64: { type: 'string', contentEncoding: 'base64' } },
                      required: ['base64'],
                      additionalProperties: false,
                    },
                  ],
                },
              },
            },
            required: [],
            additionalProperties: false,
          },
        },
      },
    })
  })
})

describe('the JSON Schema of a body', () => {
  test('knows which fields may be left out', () => {
    const { required } = jsonSchema(v.looseObject({ a: v.string(), b: v.optional(v.string()) }))
    expect(required).toEqual(['a'])
  })

  test.each([v.date(), v.pipe(v.string(), v.email()), null])(
    'is refused for a kind without a row',
    (schema) => {
      expect(() => jsonSchema(schema)).toThrow(TypeError)
    },
  )
})

describe('an answer that is not described fails the test that got it', () => {
  let headers: Record<string, unknown>
  beforeAll(async () => {
    headers = (await api.call('GET', '/health')).headers
  })
  const HEALTHY = { status: 'ok', uptime_seconds: 1, version: '1.0.0' }
  const check = (change: { status?: number; headers?: object; body?: unknown }) => () =>
    checkAnswer('GET', '/health', {
      status: change.status ?? 200,
      headers: { ...headers, ...change.headers },
      body: Buffer.from(JSON.stringify(change.body ?? HEALTHY)),
    })

  test('while one that is described does not', () => {
    expect(check({})).not.toThrow()
  })

  test.each([
    ['a field too many', { body: { ...HEALTHY, extra: 1 } }, /extra: Invalid key/],
    ['a field too few', { body: { ...HEALTHY, version: undefined } }, /version: Invalid key/],
    ['another type', { body: { ...HEALTHY, version: 1 } }, /version: Invalid type/],
    ['a status that the route does not have', { status: 201 }, /no status of the route/],
    ['an error of another shape', { status: 500, body: { error: 'no' } }, /message: Invalid key/],
    ['another media type', { headers: { 'content-type': 'text/html' } }, /as text\/html/],
    ['no request id', { headers: { 'x-request-id': undefined } }, /without the header x-request-id/],
  ])('%s', (_name, change, problem) => {
    expect(check(change)).toThrow(problem)
  })
})
