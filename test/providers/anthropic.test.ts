import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import type { ModelRequest } from '../../agents/ports/model.ts'
import { toAnthropic } from '../../providers/anthropic-wire.ts'
import {
  type AnthropicReply,
  anthropicError,
  anthropicMessage,
  startAnthropicServer,
} from '../support/anthropic-server.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, LOOKUP_ORDER, modelBench, modelRequest } from '../support/model-bench.ts'

const KEY = 'sk-ant-canary-key'
const AGENT = agentDecl({ provider: 'anthropic', model: 'claude-sonnet-4' })
const OK = anthropicMessage([{ type: 'text', text: 'ok' }])

async function bench(...replies: readonly AnthropicReply[]) {
  const server = await startAnthropicServer(...replies)
  const { providers, clock, slept } = modelBench({
    anthropicBaseUrl: server.url,
    keys: { ANTHROPIC_API_KEY: KEY },
  })
  const provider = await providers.for(AGENT)
  const complete = (request: ModelRequest, signal = new AbortController().signal) =>
    provider.complete({ ...request, model: AGENT.model }, { signal, deadlineAt: clock.now() + 60_000 })
  return { server, complete, slept }
}

describe('a request on the wire', () => {
  test("has the vendor's model id, key, system text, limit and tools", async () => {
    const { server, complete } = await bench(OK)
    await complete(
      modelRequest(
        [
          { role: 'system', content: 'You help.' },
          { role: 'user', content: 'Hello' },
        ],
        { maxOutputTokens: 77, tools: [LOOKUP_ORDER] },
      ),
    )
    const { path, headers, body } = server.requests[0]!
    expect([path, headers.authorization]).toEqual(['/v1/messages', `Bearer ${KEY}`])
    expect(body).toEqual({
      model: 'claude-sonnet-4-20250514',
      max_tokens: 77,
      temperature: 0.3,
      system: 'You help.',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      tools: [
        {
          name: 'lookup_order',
          description: 'Look up order status by order ID',
          input_schema: {
            type: 'object',
            properties: { order_id: { type: 'string' } },
            required: ['order_id'],
            additionalProperties: false,
          },
        },
      ],
    })
  })

  test("takes the model's own limit where the agent has none, and a temperature of at most 1", async () => {
    const { server, complete } = await bench(OK)
    await complete(modelRequest('Hello', { temperature: 1.7 }))
    expect(server.requests[0]!.body).toMatchObject({ max_tokens: 64_000, temperature: 1 })
  })

  test.each([
    ['claude-3-5-haiku-20241022', 0.3],
    ['claude-opus-4-20250514', 0.3],
    ['claude-opus-4-6', 0.3],
    ['claude-opus-4-7', undefined],
    ['claude-opus-5', undefined],
  ])('for %s has the temperature %s', (model, temperature) => {
    expect(toAnthropic(modelRequest('x', { model }), null).temperature).toBe(temperature)
  })

  test('has the results of all calls of an answer in one user message, by ids that the vendor accepts', async () => {
    const { server, complete } = await bench(OK)
    const call = (n: number) => ({ id: 'call:0', name: 'lookup_order', arguments: `{"order_id":"${n}"}` })
    await complete(
      modelRequest([
        { role: 'user', content: 'x' },
        { role: 'assistant', content: ' ', toolCalls: [call(1), call(2)] },
        { role: 'tool', callId: 'call:0', name: 'lookup_order', content: 'first' },
        { role: 'tool', callId: 'call:0', name: 'lookup_order', content: 'second' },
      ]),
    )
    expect(server.requests[0]!.body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_0', name: 'lookup_order', input: { order_id: '1' } },
          { type: 'tool_use', id: 'call_0_2', name: 'lookup_order', input: { order_id: '2' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_0', content: 'first' },
          { type: 'tool_result', tool_use_id: 'call_0_2', content: 'second' },
        ],
      },
    ])
  })

  test.each(['{"order_id', '[1]', 'null'])(
    'shows the model arguments that are no object: %s',
    async (args) => {
      const { server, complete } = await bench(OK)
      await complete(
        modelRequest([
          { role: 'user', content: 'x' },
          {
            role: 'assistant',
            content: '',
            toolCalls: [{ id: 'a', name: 'lookup_order', arguments: args }],
          },
          { role: 'tool', callId: 'a', name: 'lookup_order', content: 'Error' },
        ]),
      )
      expect(server.requests[0]!.body.messages).toMatchObject([
        {},
        { content: [{ type: 'tool_use', input: { unreadable_arguments: args } }] },
        {},
      ])
    },
  )

  test('lets the user give the feedback of a forge run', async () => {
    const { server, complete } = await bench(OK)
    await complete(
      modelRequest([
        { role: 'user', content: 'Current task: tests' },
        { role: 'assistant', content: 'No tests found.' },
      ]),
    )
    expect(server.requests[0]!.body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Current task: tests' },
          { type: 'text', text: 'No tests found.' },
        ],
      },
    ])
  })
})

describe('an answer', () => {
  test('gives text, calls with JSON arguments, and usage with what was cached', async () => {
    const { complete } = await bench(
      anthropicMessage(
        [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'lookup_order', input: { order_id: '7' } },
        ],
        {
          stop_reason: 'tool_use',
          usage: {
            input_tokens: 10,
            output_tokens: 5,
            cache_read_input_tokens: 30,
            cache_creation_input_tokens: 2,
          },
        },
      ),
    )
    expect(await complete(modelRequest('x'))).toEqual({
      text: 'I look.',
      toolCalls: [{ id: 'toolu_1', name: 'lookup_order', arguments: '{"order_id":"7"}' }],
      usage: { inputTokens: 42, outputTokens: 5, cachedTokens: 30, estimated: false },
      stopReason: 'tool_calls',
    })
  })

  test('passes over blocks that it does not know, and takes a call without input for one without arguments', async () => {
    const { complete } = await bench(
      anthropicMessage([
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'toolu_1', name: 'lookup_order' },
      ]),
    )
    expect(await complete(modelRequest('x'))).toMatchObject({
      text: 'I look.',
      toolCalls: [{ id: 'toolu_1', name: 'lookup_order', arguments: '{}' }],
    })
  })

  test.each([
    ['negative', { input_tokens: -1000, output_tokens: 5 }],
    ['no whole numbers', { input_tokens: 10, output_tokens: 0.5 }],
    ['texts', { input_tokens: '10', output_tokens: '5' }],
    ['missing', undefined],
  ])('whose usage is %s has an estimate instead', async (_claim, usage) => {
    const { complete } = await bench(anthropicMessage([{ type: 'text', text: 'x'.repeat(400) }], { usage }))
    expect((await complete(modelRequest('x'))).usage).toMatchObject({ outputTokens: 100, estimated: true })
  })

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
  ])('that ended with %s ended with %s', async (stop_reason, expected) => {
    const { complete } = await bench(anthropicMessage([{ type: 'text', text: 'x' }], { stop_reason }))
    expect((await complete(modelRequest('x'))).stopReason).toBe(expected)
  })
})

describe('a failure', () => {
  test.each([
    [401, 'authentication_error', 'the model provider refused the API key (anthropic)'],
    [
      400,
      'invalid_request_error',
      'the model provider refused the request (anthropic: status 400 (invalid_request_error))',
    ],
  ])('with status %d is final and names neither key nor content', async (status, type, text) => {
    const { server, complete } = await bench(anthropicError(status, type))
    expect(faultText(await faultOf(complete(modelRequest('private words'))))).toBe(text)
    expect(server.requests).toHaveLength(1)
  })

  test('tells a prompt that does not fit from other requests that are refused', async () => {
    const error = {
      type: 'invalid_request_error',
      message: 'prompt is too long: 210000 tokens > 200000 maximum',
    }
    const { complete } = await bench({ status: 400, body: { type: 'error', error } })
    expect((await faultOf(complete(modelRequest('x')))).code).toBe('prompt_too_long')
  })

  test('that passes is tried again, after the time that the vendor asked for', async () => {
    const { server, complete, slept } = await bench(
      anthropicError(529, 'overloaded_error'),
      anthropicError(429, 'rate_limit_error', { 'retry-after': '3' }),
      OK,
    )
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    expect([slept, server.requests.length]).toEqual([[500, 3000], 3])
  })

  test('ends after three attempts', async () => {
    const overloaded = anthropicError(529, 'overloaded_error')
    const { server, complete } = await bench(overloaded, overloaded, overloaded, OK)
    expect((await faultOf(complete(modelRequest('x')))).code).toBe('provider_unavailable')
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    ...[{}, 'no JSON', { content: null }, '[]', '5', { content: [null] }, { content: ['x'] }],
    ...[{ content: [{}] }, { content: [{ type: 'text' }] }, { content: [{ type: 'text', text: 5 }] }],
    ...[{ content: [{ type: 'tool_use' }] }, { content: [{ type: 'tool_use', name: {} }] }],
  ])('is also an answer that is none: %j', async (body) => {
    const { server, complete } = await bench({ body }, OK)
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    expect(server.requests).toHaveLength(2)
  })

  test('a cancelled call ends with the reason of the cancellation', async () => {
    const { complete } = await bench(OK)
    const reason = new Error('stop')
    await expect(complete(modelRequest('x'), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
