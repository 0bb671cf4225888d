import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import type { ModelRequest } from '../../agents/ports/model.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, LOOKUP_ORDER, modelBench, modelRequest } from '../support/model-bench.ts'
import { type OpenAIServer, type Responder, startOpenAIServer } from '../support/openai-server.ts'

const KEY = 'sk-test-canary-key'

async function bench(...script: readonly Responder[]) {
  const server = await startOpenAIServer()
  server.script(...script)
  const { providers, clock, slept } = modelBench({ openaiBaseUrl: server.url })
  const provider = await providers.for(agentDecl())
  const complete = (
    request: ModelRequest = modelRequest('Hello'),
    withinMs = 60_000,
    signal = new AbortController().signal,
  ) => provider.complete(request, { signal, deadlineAt: clock.now() + withinMs })
  return { server, complete, slept }
}

const sent = (server: OpenAIServer) => server.requests.at(-1)!.body

describe('a request on the wire', () => {
  test('has model, temperature (0 too), limit, key and the tools', async () => {
    const { server, complete } = await bench({ text: 'ok' })
    await complete(modelRequest('Hello', { temperature: 0, maxOutputTokens: 77, tools: [LOOKUP_ORDER] }))
    expect(server.requests[0]!.path).toBe('/v1/chat/completions')
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(sent(server)).toEqual({
      model: 'gpt-4o',
      temperature: 0,
      max_tokens: 77,
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'lookup_order',
            description: 'Look up order status by order ID',
            parameters: {
              type: 'object',
              properties: { order_id: { type: 'string' } },
              required: ['order_id'],
              additionalProperties: false,
            },
          },
        },
      ],
    })
  })

  test('leaves out limit and tools where there are none, and what reasoning models refuse', async () => {
    const { server, complete } = await bench({ text: 'ok' }, { text: 'ok' })
    await complete()
    expect(Object.keys(sent(server)).sort()).toEqual(['messages', 'model', 'temperature'])
    await complete(modelRequest('Hello', { model: 'o1-mini', maxOutputTokens: 50 }))
    expect(Object.keys(sent(server)).sort()).toEqual(['max_completion_tokens', 'messages', 'model'])
  })

  test('merges neighbouring user messages and lets the user give the feedback', async () => {
    const { server, complete } = await bench({ text: 'ok' }, { text: 'ok' })
    const brief = [
      { role: 'system', content: 'You build.' },
      { role: 'user', content: 'Project context' },
      { role: 'user', content: 'Current task: tests' },
      { role: 'assistant', content: 'No tests found.' },
    ] as const
    const wire = [
      { role: 'system', content: 'You build.' },
      { role: 'user', content: 'Project context\n\nCurrent task: tests\n\nNo tests found.' },
    ]
    await complete(modelRequest(brief))
    expect(sent(server).messages).toEqual(wire)
    const call = { id: 'a', name: 'write_file', arguments: '{}' }
    await complete(
      modelRequest([
        ...brief,
        { role: 'assistant', content: '', toolCalls: [call] },
        { role: 'tool', callId: 'a', name: 'write_file', content: 'ok' },
      ]),
    )
    expect(sent(server).messages.slice(0, 2)).toEqual(wire)
  })

  test('keeps a conversation as it is', async () => {
    const { server, complete } = await bench({ text: 'ok' })
    const messages = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'three' },
    ] as const
    await complete(modelRequest(messages))
    expect(sent(server).messages).toEqual(messages)
  })

  test('gives every tool call an id of its own and its result the same one', async () => {
    const { server, complete } = await bench({ text: 'ok' })
    const call = (n: number) => ({ id: 'call_0', name: 'lookup_order', arguments: `{"order_id":"${n}"}` })
    await complete(
      modelRequest([
        { role: 'user', content: 'x' },
        { role: 'assistant', content: '', toolCalls: [call(1), call(2)] },
        { role: 'tool', callId: 'call_0', name: 'lookup_order', content: 'first' },
        { role: 'tool', callId: 'call_0', name: 'lookup_order', content: 'second' },
        { role: 'assistant', content: 'one more', toolCalls: [call(3)] },
        { role: 'tool', callId: 'call_0', name: 'lookup_order', content: 'third' },
      ]),
    )
    const { messages } = sent(server)
    expect(messages.flatMap((message) => message.tool_calls?.map((each) => each.id) ?? [])).toEqual([
      'call_0',
      'call_0_2',
      'call_0_3',
    ])
    expect(
      messages.filter((message) => message.role === 'tool').map((m) => [m.tool_call_id, m.content]),
    ).toEqual([
      ['call_0', 'first'],
      ['call_0_2', 'second'],
      ['call_0_3', 'third'],
    ])
    expect(messages[1]!.content).toBeNull()
  })

  test('is well-formed Unicode', async () => {
    const { server, complete } = await bench({ text: 'ok' })
    await complete(modelRequest('half \ud83d a pair'))
    expect(sent(server).messages[0]!.content).toBe('half \ufffd a pair')
  })

  test("uses the vendor's id for a name the chapters print, and only for exactly that name", async () => {
    const { server, complete } = await bench({ text: 'ok' }, { text: 'ok' })
    await complete(modelRequest('x', { model: 'claude-sonnet-4' }))
    expect(sent(server).model).toBe('claude-sonnet-4-20250514')
    await complete(modelRequest('x', { model: 'claude-sonnet-4-5' }))
    expect(sent(server).model).toBe('claude-sonnet-4-5')
  })
})

describe('an answer', () => {
  test('has the usage that the vendor counted', async () => {
    const { complete } = await bench({ text: 'Hi', usage: { in: 1200, out: 34, cached: 1000 } })
    expect(await complete()).toEqual({
      text: 'Hi',
      toolCalls: [],
      usage: { inputTokens: 1200, outputTokens: 34, cachedTokens: 1000, estimated: false },
      stopReason: 'stop',
    })
  })

  test('without usage has an estimate that says so', async () => {
    const { complete } = await bench({ text: 'x'.repeat(400), usage: null })
    const { usage } = await complete(modelRequest('y'.repeat(4000)))
    expect(usage).toMatchObject({ outputTokens: 100, cachedTokens: 0, estimated: true })
    expect(usage.inputTokens).toBeGreaterThanOrEqual(1000)
  })

  test.each([
    ['negative', { prompt_tokens: -1000, completion_tokens: -5 }],
    ['no whole numbers', { prompt_tokens: 1.5, completion_tokens: 2 }],
    ['beyond all counting', { prompt_tokens: 1e300, completion_tokens: 2 }],
    ['texts', { prompt_tokens: '10', completion_tokens: '2' }],
    ['no object', [10, 2]],
  ])(
    'whose usage is %s has an estimate instead: a budget is neither paid back nor blown',
    async (_claim, usage) => {
      const raw = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(400) } }], usage })
      const { complete } = await bench({ raw })
      expect((await complete()).usage).toMatchObject({ outputTokens: 100, cachedTokens: 0, estimated: true })
    },
  )

  test.each([-5, 2.5, '7', 1000])(
    'counts no more as cached than was sent, whatever is reported: %j',
    async (cached) => {
      const usage = {
        prompt_tokens: 40,
        completion_tokens: 2,
        prompt_tokens_details: { cached_tokens: cached },
      }
      const { complete } = await bench({
        raw: JSON.stringify({ choices: [{ message: { content: 'x' } }], usage }),
      })
      expect((await complete()).usage).toEqual({
        inputTokens: 40,
        outputTokens: 2,
        cachedTokens: cached === 1000 ? 40 : 0,
        estimated: false,
      })
    },
  )

  test('with malformed tool arguments passes them on as they are', async () => {
    const { complete } = await bench({
      toolCalls: [{ name: 'lookup_order', arguments: '{"order_id": "ORD' }],
    })
    const { toolCalls } = await complete()
    expect(toolCalls[0]).toMatchObject({ name: 'lookup_order', arguments: '{"order_id": "ORD' })
  })

  test('with repeated or missing call ids gets different ones', async () => {
    const { complete } = await bench({
      toolCalls: ['same', 'same', '', ''].map((id) => ({ id, name: 'lookup_order', arguments: '{}' })),
    })
    expect((await complete()).toolCalls.map((call) => call.id)).toEqual(['same', 'same_2', 'call', 'call_2'])
  })

  test('that was cut or filtered says so', async () => {
    const { complete } = await bench({ text: 'Hi', finish: 'length' }, { text: '', finish: 'content_filter' })
    expect((await complete()).stopReason).toBe('length')
    expect((await complete()).stopReason).toBe('content_filter')
  })
})

describe('a failure', () => {
  test('429 with Retry-After is waited for and tried again', async () => {
    const { server, complete, slept } = await bench(
      { status: 429, headers: { 'retry-after': '7' } },
      { text: 'ok' },
    )
    expect((await complete()).text).toBe('ok')
    expect(slept).toEqual([7000])
    expect(server.requests).toHaveLength(2)
  })

  test('Retry-After may be a date or milliseconds', async () => {
    const date = new Date(Date.UTC(2026, 0, 2, 0, 0, 9)).toUTCString()
    const { complete, slept } = await bench(
      { status: 429, headers: { 'retry-after': date } },
      { status: 503, headers: { 'retry-after-ms': '250', 'retry-after': '1' } },
      { text: 'ok' },
    )
    expect((await complete()).text).toBe('ok')
    expect(slept).toEqual([9000, 250])
  })

  test('a Retry-After that is no number, and no date, says nothing', async () => {
    const { complete, slept } = await bench(
      { status: 429, headers: { 'retry-after': 'Infinity' } },
      { status: 503, headers: { 'retry-after-ms': '', 'retry-after': 'soon' } },
      { text: 'ok' },
    )
    expect((await complete()).text).toBe('ok')
    expect(slept).toEqual([500, 1000])
  })

  test('a Retry-After past the deadline is told at once', async () => {
    const { server, complete, slept } = await bench({ status: 429, headers: { 'retry-after': '120' } })
    const fault = await faultOf(complete())
    expect([fault.code, fault.retryAfterMs]).toEqual(['provider_rate_limited', 120_000])
    expect([server.requests.length, slept]).toEqual([1, []])
  })

  test('500 is tried again after a random part of a growing delay, three times in all', async () => {
    const { server, complete, slept } = await bench({ status: 500 }, { status: 502 }, { text: 'ok' })
    expect((await complete()).text).toBe('ok')
    expect(slept).toEqual([500, 1000])
    server.script({ status: 500 }, { status: 529 }, { status: 503 }, { text: 'too late' })
    const fault = await faultOf(complete())
    expect(faultText(fault)).toBe('the model provider cannot be reached (openai: status 503)')
    expect(server.requests).toHaveLength(6)
  })

  test('a cut connection and an answer that is none are tried again', async () => {
    const { complete, slept } = await bench(
      { fault: 'reset' },
      { raw: '<html>', contentType: 'text/html' },
      { text: 'ok' },
    )
    expect((await complete()).text).toBe('ok')
    expect(slept).toHaveLength(2)
  })

  test('an answer that is cut in its middle is no answer, and tried again', async () => {
    const { server, complete } = await bench({ fault: 'cut' }, { fault: 'cut' }, { text: 'whole' })
    expect((await complete()).text).toBe('whole')
    expect(server.requests).toHaveLength(3)
  })

  test('an answer that comes a byte at a time is given up at the deadline', async () => {
    const { server, complete } = await bench({ fault: 'drip' })
    expect((await faultOf(complete(modelRequest('x'), 150))).code).toBe('provider_timeout')
    expect(server.requests).toHaveLength(1)
  })

  test('an answer without end is cut off, and not asked for again', async () => {
    const { server, complete } = await bench({ fault: 'flood' }, { text: 'too late' })
    expect(faultText(await faultOf(complete()))).toBe(
      'the model provider cannot be reached (openai: an answer of more than 33554432 bytes)',
    )
    expect(server.requests).toHaveLength(1)
  })

  test.each([
    ...[
      '{"choices": []}',
      '{',
      'null',
      '{"choices":[{}]}',
      '{"choices":{}}',
      '{"choices":[null]}',
      '5',
      '"x"',
    ],
    ...['[]', '{"choices":[{"message":"x"}]}', '{"choices":[{"message":{"content":5}}]}'],
    ...['{"choices":[{"message":{"content":["x"]}}]}', '{"choices":[{"message":{"tool_calls":{}}}]}'],
    ...['{"choices":[{"message":{"tool_calls":[null]}}]}', '{"choices":[{"message":{"tool_calls":[{}]}}]}'],
    ...['{"choices":[{"message":{"tool_calls":[{"function":{"name":5}}]}}]}'],
  ])('the answer %s is unreadable', async (raw) => {
    const { complete } = await bench({ raw }, { raw }, { raw })
    expect(faultText(await faultOf(complete()))).toMatch(/unreadable answer/)
  })

  test('a server that is not there is named by the reason', async () => {
    const { server, complete } = await bench()
    await server.close()
    expect(faultText(await faultOf(complete()))).toBe(
      'the model provider cannot be reached (openai: ECONNREFUSED)',
    )
  })

  test.each([
    [
      400,
      'context_length_exceeded',
      'prompt_too_long',
      'the prompt is longer than the model takes (openai: status 400 (context_length_exceeded)); state its context_window, or reset the session',
    ],
    [
      404,
      'model_not_found',
      'provider_refused',
      'the model provider refused the request (openai: status 404 (model_not_found))',
    ],
    [401, 'invalid_api_key', 'provider_auth', 'the model provider refused the API key (openai)'],
    [403, undefined, 'provider_auth', 'the model provider refused the API key (openai)'],
    [
      429,
      'insufficient_quota',
      'provider_refused',
      'the model provider refused the request (openai: status 429 (insufficient_quota))',
    ],
    [
      422,
      'code with words of the user',
      'provider_refused',
      'the model provider refused the request (openai: status 422)',
    ],
  ])(
    'status %i (%s) is %s, not tried again, and shows neither key nor body',
    async (status, code, fault, text) => {
      const { server, complete } = await bench({
        status,
        ...(code === undefined ? {} : { code }),
        message: `Incorrect API key provided: ${KEY}. The user said Hello.`,
      })
      const thrown = await faultOf(complete())
      expect([thrown.code, faultText(thrown)]).toEqual([fault, text])
      expect(server.requests).toHaveLength(1)
      const everything = JSON.stringify([thrown.message, thrown.data, thrown.stack, String(thrown.cause)])
      expect(everything).not.toContain(KEY)
      expect(everything).not.toContain('The user said')
    },
  )

  test.each([
    'This model supports a maximum context length of 8192 tokens',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'the request exceeds the available context size',
  ])('a prompt that does not fit is known by its words where there is no code: %s', async (text) => {
    const { complete } = await bench({ status: 400, message: text })
    expect((await faultOf(complete())).code).toBe('prompt_too_long')
  })

  test('a model that does not answer before the deadline is provider_timeout', async () => {
    const { server, complete } = await bench({ fault: 'hang' })
    expect((await faultOf(complete(modelRequest('x'), 150))).code).toBe('provider_timeout')
    expect(server.requests).toHaveLength(1)
    expect((await faultOf(complete(modelRequest('x'), 0))).code).toBe('provider_timeout')
    expect(server.requests).toHaveLength(1)
  })

  test('an abort in the middle of a call rejects with its reason', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped by hand')
    const { complete } = await bench(() => {
      stop.abort(reason)
      return { fault: 'hang' }
    })
    await expect(complete(modelRequest('x'), 60_000, stop.signal)).rejects.toBe(reason)
  })
})
