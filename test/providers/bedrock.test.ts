import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import type { ModelMessage, ModelRequest } from '../../agents/ports/model.ts'
import type { StatelessDecl } from '../../bytecode/manifest.ts'
import { bedrockId } from '../../providers/bedrock-models.ts'
import { toConverse } from '../../providers/bedrock-wire.ts'
import { expectedSignature } from '../support/aws-signature.ts'
import {
  type BedrockReply,
  bedrockError,
  converseAnswer,
  startBedrockServer,
} from '../support/bedrock-server.ts'
import { faultOf } from '../support/faults.ts'
import { AWS_CREDENTIALS, agentDecl, LOOKUP_ORDER, modelBench, modelRequest } from '../support/model-bench.ts'

const HAIKU = 'anthropic.claude-3-haiku-20240307-v1:0'
const OK = converseAnswer([{ text: 'ok' }])

async function bench(replies: readonly BedrockReply[], agent: Partial<StatelessDecl> = {}) {
  const server = await startBedrockServer(...replies)
  const { providers, clock, slept } = modelBench({ keys: { BEDROCK_KEY: 'bedrock-canary-key' } })
  const { model, ...decl } = agentDecl({
    provider: 'bedrock',
    model: HAIKU,
    endpoint: server.url,
    ...agent,
  })
  const provider = await providers.for({ ...decl, model })
  const complete = (request: ModelRequest, signal = new AbortController().signal) =>
    provider.complete({ ...request, model }, { signal, deadlineAt: clock.now() + 60_000 })
  return { server, complete, slept }
}

describe('a request on the wire', () => {
  test('has the model in its path, system text, limit, temperature and tools, and is signed', async () => {
    const { server, complete } = await bench([OK])
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
    expect(path).toBe(`/model/${HAIKU}/converse`)
    expect(headers.authorization).toMatch(
      new RegExp(
        `^AWS4-HMAC-SHA256 Credential=${AWS_CREDENTIALS.accessKeyId}/\\d{8}/us-west-2/bedrock/aws4_request`,
      ),
    )
    expect(body).toEqual({
      system: [{ text: 'You help.' }],
      messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
      inferenceConfig: { maxTokens: 77, temperature: 0.3 },
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: 'lookup_order',
              description: 'Look up order status by order ID',
              inputSchema: {
                json: {
                  type: 'object',
                  properties: { order_id: { type: 'string' } },
                  required: ['order_id'],
                },
              },
            },
          },
        ],
      },
    })
  })

  test.each([HAIKU, 'arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-lite-v1:0'])(
    'arrives as it was signed: %s',
    async (model) => {
      const { server, complete } = await bench([OK], { model })
      await complete(modelRequest('Grüße, 世界 \u{1f642}'))
      const [request] = server.requests
      const [, signature] = /Signature=([0-9a-f]{64})$/.exec(request!.headers.authorization ?? '')!
      expect(signature).toBe(expectedSignature(request!, AWS_CREDENTIALS.secretAccessKey))
    },
  )

  test('leaves the limit to the model where there is none, and has a temperature of at most 1', async () => {
    const { server, complete } = await bench([OK])
    await complete(modelRequest('Hello', { temperature: 1.7 }))
    expect(server.requests[0]!.body.inferenceConfig).toEqual({ temperature: 1 })
  })

  test.each([
    [HAIKU, 0.3],
    ['us.anthropic.claude-opus-4-6-v1', 0.3],
    ['us.anthropic.claude-opus-4-7-v1', undefined],
    ['us.amazon.nova-lite-v1:0', 0.3],
    ['arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6', 0.3],
  ])('for %s has the temperature %s', (model, temperature) => {
    expect(toConverse(modelRequest('x'), model).inferenceConfig?.temperature).toBe(temperature)
  })

  test('has an API key instead of a signature where the agent names one', async () => {
    const { server, complete } = await bench([OK], { apiKeyEnv: 'BEDROCK_KEY' })
    await complete(modelRequest('Hello'))
    expect(server.requests[0]!.headers.authorization).toBe('Bearer bedrock-canary-key')
  })

  const call = (n: number, id = 'call:0') => ({
    id,
    name: 'lookup_order',
    arguments: `{"order_id":"${n}"}`,
  })
  const result = (content: string, callId = 'call:0'): ModelMessage => ({
    role: 'tool',
    callId,
    name: 'lookup_order',
    content,
  })

  test('has the results of all calls of an answer in one user message, by ids that Bedrock accepts', async () => {
    const { server, complete } = await bench([OK])
    const long = `functions.lookup_order:${'7'.repeat(80)}`
    await complete(
      modelRequest(
        [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: ' ', toolCalls: [call(1), call(2), call(3, long)] },
          result('first'),
          result(' '),
          result('third', long),
        ],
        { tools: [LOOKUP_ORDER] },
      ),
    )
    const shortened = `functions_lookup_order_${'7'.repeat(33)}`
    const use = (toolUseId: string, order_id: string) => ({
      toolUse: { toolUseId, name: 'lookup_order', input: { order_id } },
    })
    const gave = (toolUseId: string, text: string) => ({ toolResult: { toolUseId, content: [{ text }] } })
    expect(server.requests[0]!.body.messages).toEqual([
      { role: 'user', content: [{ text: 'x' }] },
      { role: 'assistant', content: [use('call_0', '1'), use('call_0_2', '2'), use(shortened, '3')] },
      {
        role: 'user',
        content: [gave('call_0', 'first'), gave('call_0_2', '(nothing)'), gave(shortened, 'third')],
      },
    ])
  })

  test('tells calls as text where there are no tools, which Bedrock would refuse', async () => {
    const { server, complete } = await bench([OK])
    await complete(
      modelRequest([
        { role: 'user', content: 'x' },
        { role: 'assistant', content: 'I look.', toolCalls: [call(1)] },
        result('shipped'),
      ]),
    )
    expect(server.requests[0]!.body).toMatchObject({
      messages: [
        { role: 'user', content: [{ text: 'x' }] },
        { role: 'assistant', content: [{ text: 'I look.\nlookup_order {"order_id":"1"}' }] },
        { role: 'user', content: [{ text: 'lookup_order: shipped' }] },
      ],
    })
    expect(server.requests[0]!.body).not.toHaveProperty('toolConfig')
  })

  test('begins with the user, as Bedrock demands, and ends with the feedback of a forge run from the user', async () => {
    const { server, complete } = await bench([OK])
    await complete(
      modelRequest([
        { role: 'assistant', content: 'Welcome.' },
        { role: 'user', content: 'Current task: tests' },
        { role: 'assistant', content: 'No tests found.' },
      ]),
    )
    expect(server.requests[0]!.body.messages).toEqual([
      { role: 'user', content: [{ text: '(nothing)' }] },
      { role: 'assistant', content: [{ text: 'Welcome.' }] },
      { role: 'user', content: [{ text: 'Current task: tests' }, { text: 'No tests found.' }] },
    ])
  })
})

describe('the name of a model', () => {
  test.each([
    ['claude-sonnet-4', 'us-east-1', 'us.anthropic.claude-sonnet-4-20250514-v1:0'],
    ['claude-sonnet-4', 'eu-central-1', 'eu.anthropic.claude-sonnet-4-20250514-v1:0'],
    ['claude-sonnet-4', 'ap-northeast-1', 'apac.anthropic.claude-sonnet-4-20250514-v1:0'],
    ['claude-sonnet-4', 'sa-east-1', 'anthropic.claude-sonnet-4-20250514-v1:0'],
    ['claude-opus-4', 'us-west-2', 'us.anthropic.claude-opus-4-20250514-v1:0'],
    ['claude-3-haiku', 'us-east-1', HAIKU],
    ['eu.amazon.nova-pro-v1:0', 'us-east-1', 'eu.amazon.nova-pro-v1:0'],
    ['meta.llama3-1-8b-instruct-v1:0', 'us-west-2', 'meta.llama3-1-8b-instruct-v1:0'],
    ['toString', 'us-east-1', 'toString'],
  ])('%s in %s is asked for as %s', (model, region, id) => {
    expect(bedrockId(model, region)).toBe(id)
  })

  test('is looked up in the region that is asked', async () => {
    const { server, complete } = await bench([OK], { model: 'claude-sonnet-4' })
    await complete(modelRequest('Hello'))
    expect(server.requests[0]!.path).toBe('/model/us.anthropic.claude-sonnet-4-20250514-v1:0/converse')
  })
})

describe('an answer', () => {
  test('gives text, calls with JSON arguments, and usage with what was cached', async () => {
    const { complete } = await bench([
      converseAnswer(
        [
          { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
          { text: 'I look.' },
          { toolUse: { toolUseId: 'tooluse_1', name: 'lookup_order', input: { order_id: '7' } } },
          { toolUse: { toolUseId: 'tooluse_1', name: 'lookup_order' } },
        ],
        {
          stopReason: 'tool_use',
          usage: {
            inputTokens: 10,
            outputTokens: 5,
            totalTokens: 47,
            cacheReadInputTokens: 30,
            cacheWriteInputTokens: 2,
          },
        },
      ),
    ])
    expect(await complete(modelRequest('x', { tools: [LOOKUP_ORDER] }))).toEqual({
      text: 'I look.',
      toolCalls: [
        { id: 'tooluse_1', name: 'lookup_order', arguments: '{"order_id":"7"}' },
        { id: 'tooluse_1_2', name: 'lookup_order', arguments: '{}' },
      ],
      usage: { inputTokens: 42, outputTokens: 5, cachedTokens: 30, estimated: false },
      stopReason: 'tool_calls',
    })
  })

  test.each([
    ['negative', { inputTokens: -1000, outputTokens: 5 }],
    ['no whole numbers', { inputTokens: 10, outputTokens: 0.5 }],
    ['missing', undefined],
  ])('whose usage is %s has an estimate instead', async (_claim, usage) => {
    const { complete } = await bench([converseAnswer([{ text: 'x'.repeat(400) }], { usage })])
    expect((await complete(modelRequest('x'))).usage).toMatchObject({ outputTokens: 100, estimated: true })
  })

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
  ])('that ended with %s ended with %s', async (stopReason, expected) => {
    const { complete } = await bench([converseAnswer([{ text: 'x' }], { stopReason })])
    expect((await complete(modelRequest('x'))).stopReason).toBe(expected)
  })
})

describe('a failure', () => {
  test.each([
    [
      403,
      'AccessDeniedException',
      '',
      'the model provider denied access (bedrock: status 403 (AccessDeniedException); allow bedrock:InvokeModel on the model, and the account access to it)',
    ],
    [
      403,
      'ExpiredTokenException',
      '',
      'the model provider denied access (bedrock: status 403 (ExpiredTokenException); the credentials have expired; renew them)',
    ],
    [
      403,
      'UnrecognizedClientException',
      '',
      'the model provider denied access (bedrock: status 403 (UnrecognizedClientException))',
    ],
    [
      404,
      'ResourceNotFoundException',
      'Could not resolve the foundation model from model identifier: private',
      'the model provider refused the request (bedrock: status 404 (ResourceNotFoundException))',
    ],
    [
      400,
      'ValidationException',
      'messages.0.content: private words',
      'the model provider refused the request (bedrock: status 400 (ValidationException))',
    ],
    [
      400,
      'ValidationException',
      'The provided model identifier is invalid.',
      'the model provider refused the request (bedrock: status 400 (ValidationException); this region has no model of that id)',
    ],
    [
      400,
      'ValidationException',
      'Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
      'the model provider refused the request (bedrock: status 400 (ValidationException); the model is reached by an inference profile only; put us., eu. or another of its prefixes before the id)',
    ],
    [
      400,
      'ServiceQuotaExceededException',
      '',
      'the model provider refused the request (bedrock: status 400 (ServiceQuotaExceededException))',
    ],
  ])(
    '%d %s (%s) is final, says what helps, and names neither secret nor content',
    async (status, name, message, text) => {
      const { server, complete } = await bench([bedrockError(status, name, message)])
      expect(faultText(await faultOf(complete(modelRequest('private words'))))).toBe(text)
      expect(server.requests).toHaveLength(1)
    },
  )

  test.each([
    ['ValidationException', 'messages.0.content: the text field is blank', 400],
    ['ValidationException', 'The provided model identifier is invalid.', 404],
    ['ServiceQuotaExceededException', 'You have reached the daily quota', 429],
  ])(
    '400 %s (%s) has status %d: only 400 is worth another try without the history',
    async (name, message, status) => {
      const { complete } = await bench([bedrockError(400, name, message)])
      expect((await faultOf(complete(modelRequest('x')))).data.status).toBe(status)
    },
  )

  test.each([
    'Input is too long for requested model.',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.',
    "This model's maximum context length is 8192 tokens. Please reduce the length of the prompt",
  ])('tells a prompt that does not fit from other requests that are refused: %s', async (message) => {
    const { complete } = await bench([bedrockError(400, 'ValidationException', message)])
    expect((await faultOf(complete(modelRequest('x')))).code).toBe('prompt_too_long')
  })

  test.each([
    [429, 'ThrottlingException', 'provider_rate_limited'],
    [429, 'ModelNotReadyException', 'provider_rate_limited'],
    [408, 'ModelTimeoutException', 'provider_unavailable'],
    [424, 'ModelErrorException', 'provider_unavailable'],
    [500, 'InternalServerException', 'provider_unavailable'],
    [503, 'ServiceUnavailableException', 'provider_unavailable'],
  ])('%d %s is tried three times, then it is %s', async (status, name, code) => {
    const failed = bedrockError(status, name)
    const { server, complete, slept } = await bench([failed, failed, failed, OK])
    expect((await faultOf(complete(modelRequest('x')))).code).toBe(code)
    expect([server.requests.length, slept]).toEqual([3, [500, 1000]])
  })

  test('that passes is tried again, after the time that Bedrock asked for', async () => {
    const { complete, slept } = await bench([
      bedrockError(429, 'ThrottlingException', 'Too many requests', { 'retry-after': '3' }),
      OK,
    ])
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    expect(slept).toEqual([3000])
  })

  test.each([
    ...[{}, 'no JSON', '[]', '5', { output: null }, { output: { message: { content: ['x'] } } }],
    { output: { message: { content: [{ text: 'x' }] } }, stopReason: 'malformed_model_output' },
    { output: { message: { content: [{ text: 'x' }] } }, stopReason: 'malformed_tool_use' },
  ])('is also an answer that is none: %j', async (body) => {
    const { server, complete } = await bench([{ body }, OK])
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    expect(server.requests).toHaveLength(2)
  })

  test('is also an answer that breaks off, and a server that is not there', async () => {
    const { complete } = await bench([{ body: '{"output": ', cut: true }, OK])
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    const { complete: nobody } = await bench([], { endpoint: 'http://127.0.0.1:9' })
    expect(faultText(await faultOf(nobody(modelRequest('x'))))).toBe(
      'the model provider cannot be reached (bedrock: ECONNREFUSED)',
    )
  })

  test('a clock that is wrong is set by the answer, and the call is made again', async () => {
    const skewed = bedrockError(403, 'RequestTimeTooSkewed', 'x', {
      date: new Date(Date.UTC(2001, 0, 2)).toUTCString(),
    })
    const { server, complete } = await bench([skewed, OK])
    expect((await complete(modelRequest('x'))).text).toBe('ok')
    expect(server.requests[1]!.headers['x-amz-date']).toMatch(/^20010102T/)
  })

  test('a cancelled call ends with the reason of the cancellation', async () => {
    const { complete } = await bench([OK])
    const reason = new Error('stop')
    await expect(complete(modelRequest('x'), AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('credentials that do not come are not waited for without end', async () => {
    const { providers, timers } = modelBench()
    const overdue = { ...timers, deadline: () => ({ signal: AbortSignal.abort(), cancel: () => {} }) }
    const { providers: waiting } = modelBench({ timers: overdue })
    const agent = agentDecl({ provider: 'bedrock', model: HAIKU })
    expect((await providers.for(agent)).free).toBe(false)
    expect(faultText(await faultOf(waiting.for(agent)))).toBe(
      'the model provider cannot be reached (bedrock: no AWS credentials within 10000 ms)',
    )
  })

  test('a key that the agent names and nobody has set names the variable', async () => {
    expect(faultText(await faultOf(bench([], { apiKeyEnv: 'TEAM_BEDROCK_KEY' })))).toBe(
      'no API key for provider bedrock: set TEAM_BEDROCK_KEY, or use --offline',
    )
  })
})
