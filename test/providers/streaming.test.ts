import { describe, expect, test } from '@jest/globals'
import type { ModelProvider } from '../../agents/ports/model.ts'
import { type AnthropicReply, startAnthropicServer } from '../support/anthropic-server.ts'
import {
  type BedrockReply,
  bedrockError,
  converseAnswer,
  converseStream,
  event,
  exception,
  startBedrockServer,
} from '../support/bedrock-server.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, modelBench, modelRequest } from '../support/model-bench.ts'
import { type Responder, startOpenAIServer } from '../support/openai-server.ts'

/** What a listener was told: texts, and null for "forget it". */
function listening(provider: ModelProvider, now: number, model?: string) {
  const told: (string | null)[] = []
  const listener = { delta: (text: string) => void told.push(text), reset: () => void told.push(null) }
  const complete = (signal = new AbortController().signal, heard = true) =>
    provider.complete(modelRequest('Hello', model === undefined ? {} : { model }), {
      signal,
      deadlineAt: now + 60_000,
      ...(heard ? { listener } : {}),
    })
  return { told, complete }
}

async function openai(...script: readonly Responder[]) {
  const server = await startOpenAIServer()
  server.script(...script)
  const { providers, clock } = modelBench({ openaiBaseUrl: server.url })
  return { server, ...listening(await providers.for(agentDecl()), clock.now()) }
}

const streamOf = (...chunks: readonly unknown[]) => ({
  raw: [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join(''),
  contentType: 'text/event-stream',
})
const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
})

describe("a streamed answer of OpenAI's format", () => {
  test.each([
    ['a text', { text: 'Two words' }, ['Two ', 'words']],
    [
      'a text with tool calls',
      {
        text: 'Wait.',
        toolCalls: [
          { id: 'a', name: 'look', arguments: '{"what": 1}' },
          { id: 'b', name: 'look', arguments: '{}' },
        ],
      },
      ['Wait.'],
    ],
    ['without usage', { text: 'ok', usage: null }, ['ok']],
    ['cut at its limit', { text: 'ok', finish: 'length' as const }, ['ok']],
  ])('is the same as an unstreamed one: %s', async (_claim, reply, texts) => {
    const { server, told, complete } = await openai(reply, reply)
    expect(await complete()).toEqual(await complete(undefined, false))
    expect(told).toEqual(texts)
    const [streamed, whole] = server.requests.map(({ body }) => body)
    expect(streamed).toEqual({ ...whole, stream: true, stream_options: { include_usage: true } })
  })

  test('calls that a server does not number, or numbers alike, are told apart by their ids', async () => {
    const call = (id: string, extra: object = {}) => ({
      tool_calls: [{ id, function: { name: 'look', arguments: '{}' }, ...extra }],
    })
    const { complete } = await openai(
      streamOf(chunk(call('a')), chunk(call('b')), chunk({}, 'tool_calls')),
      streamOf(chunk(call('a', { index: 0 })), chunk(call('b', { index: 0 })), chunk({}, 'tool_calls')),
    )
    const wanted = ['a', 'b'].map((id) => ({ id, name: 'look', arguments: '{}' }))
    expect((await complete()).toolCalls).toEqual(wanted)
    expect((await complete()).toolCalls).toEqual(wanted)
  })

  test.each([
    ['breaks off', { fault: 'cut' } as const, ['Half', null]],
    ['has no end', streamOf(chunk({ content: 'Half' })), ['Half', null]],
    ['holds what is no chunk', streamOf(chunk({ content: 'Half' }), { choices: 7 }), ['Half', null]],
    ['ends with an error', streamOf(chunk({ content: 'Half' }), { error: { code: 'x' } }), ['Half', null]],
    ['never begins', { status: 503 }, []],
  ])('that %s is tried again, and what was told of it is taken back', async (_claim, broken, before) => {
    const { told, complete } = await openai(broken, { text: 'Whole' })
    expect((await complete()).text).toBe('Whole')
    expect(told).toEqual([...before, 'Whole'])
  })

  test('that fails for good leaves nothing told', async () => {
    const cut = { fault: 'cut' } as const
    const { told, complete } = await openai(cut, cut, cut)
    expect((await faultOf(complete())).code).toBe('provider_unavailable')
    expect(told).toEqual(['Half', null, 'Half', null, 'Half', null])
  })

  test('that is stopped rejects with the reason', async () => {
    const stop = new AbortController()
    const reason = new Error('stop')
    const { complete } = await openai(() => {
      stop.abort(reason)
      return { text: 'late' }
    })
    await expect(complete(stop.signal)).rejects.toBe(reason)
  })
})

const anthropicStream = (...events: readonly (Readonly<Record<string, unknown>> & { type: string })[]) => ({
  headers: { 'content-type': 'text/event-stream' },
  body: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
})
const START = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-20250514',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 1 },
  },
}
const TEXT = [
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Two ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'words' } },
  { type: 'content_block_stop', index: 0 },
]
const TOOL = [
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 't', name: 'look', input: {} },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"what"' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: ': 1}' } },
  { type: 'content_block_stop', index: 1 },
]
const END = [
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 20 },
  },
  { type: 'message_stop' },
]

async function anthropic(...replies: readonly AnthropicReply[]) {
  const server = await startAnthropicServer(...replies)
  const { providers, clock } = modelBench({
    anthropicBaseUrl: server.url,
    keys: { ANTHROPIC_API_KEY: 'key' },
  })
  const agent = agentDecl({ provider: 'anthropic', model: 'claude-sonnet-4' })
  return { server, ...listening(await providers.for(agent), clock.now(), agent.model) }
}

describe("a streamed answer of Anthropic's format", () => {
  test('has text, calls and usage', async () => {
    const { server, told, complete } = await anthropic(anthropicStream(START, ...TEXT, ...TOOL, ...END))
    expect(await complete()).toEqual({
      text: 'Two words',
      toolCalls: [{ id: 't', name: 'look', arguments: '{"what":1}' }],
      usage: { inputTokens: 100, outputTokens: 20, cachedTokens: 0, estimated: false },
      stopReason: 'tool_calls',
    })
    expect(told).toEqual(['Two ', 'words'])
    expect(server.requests[0]?.body.stream).toBe(true)
  })

  test('that breaks off is tried again, and what was told of it is taken back', async () => {
    const whole = anthropicStream(START, ...TEXT, ...END)
    const { told, complete } = await anthropic(anthropicStream(START, ...TEXT), whole)
    expect((await complete()).text).toBe('Two words')
    expect(told).toEqual(['Two ', 'words', null, 'Two ', 'words'])
  })
})

async function bedrock(...replies: readonly BedrockReply[]) {
  const server = await startBedrockServer(...replies)
  const { providers, clock } = modelBench()
  const agent = agentDecl({ provider: 'bedrock', model: 'us.amazon.nova-lite-v1:0', endpoint: server.url })
  return { server, ...listening(await providers.for(agent), clock.now(), agent.model) }
}

const text = (value: string) => event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: value } })
const BEGUN = [event('messageStart', { role: 'assistant' }), text('Two '), text('words')]
const ENDED = [
  event('contentBlockStop', { contentBlockIndex: 0 }),
  event('messageStop', { stopReason: 'end_turn' }),
  event('metadata', {
    usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120, cacheReadInputTokens: 7 },
    metrics: { latencyMs: 5 },
  }),
]
const ofCall = (input: string) =>
  event('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input } } })
const CALL = event('contentBlockStart', {
  contentBlockIndex: 1,
  start: { toolUse: { toolUseId: 't', name: 'look' } },
})

describe("a streamed answer of Bedrock's format", () => {
  test('has text, calls and usage, as an unstreamed one', async () => {
    const reply = {
      text: 'Two words',
      toolCalls: [{ id: 't', name: 'look', arguments: '{"what":1}' }],
      usage: { inputTokens: 107, outputTokens: 20, cachedTokens: 7, estimated: false },
      stopReason: 'tool_calls',
    }
    const { server, told, complete } = await bedrock(
      converseStream(...BEGUN, CALL, ofCall('{"what"'), ofCall(': 1}'), ...ENDED),
      converseAnswer(
        [{ text: 'Two words' }, { toolUse: { toolUseId: 't', name: 'look', input: { what: 1 } } }],
        {
          stopReason: 'tool_use',
          usage: { inputTokens: 100, outputTokens: 20, cacheReadInputTokens: 7 },
        },
      ),
    )
    expect(await complete()).toEqual(reply)
    expect(await complete(undefined, false)).toEqual(reply)
    expect(told).toEqual(['Two ', 'words'])
    const [streamed, whole] = server.requests
    expect(streamed!.path).toBe('/model/us.amazon.nova-lite-v1:0/converse-stream')
    expect(whole!.path).toBe('/model/us.amazon.nova-lite-v1:0/converse')
    expect(streamed!.body).toEqual(whole!.body)
  })

  test.each([
    ['without arguments', [], '{}'],
    ['with arguments that are no JSON', ['{"what', '":'], '{"what":'],
  ])('may have a call %s', async (_claim, parts, given) => {
    const { complete } = await bedrock(converseStream(CALL, ...parts.map(ofCall), ...ENDED))
    expect((await complete()).toolCalls).toEqual([{ id: 't', name: 'look', arguments: given }])
  })

  const whole = converseStream(...BEGUN, ...ENDED)
  const cutFrame = { ...converseStream(...BEGUN), cut: true }
  test.each<[string, BedrockReply, readonly (string | null)[]]>([
    ['has no end', converseStream(...BEGUN), ['Two ', 'words', null]],
    ['breaks off', cutFrame, ['Two ', 'words', null]],
    [
      'ends with an error',
      converseStream(...BEGUN, exception('throttlingException')),
      ['Two ', 'words', null],
    ],
    [
      'ends with a failed model',
      converseStream(...BEGUN, exception('modelStreamErrorException')),
      ['Two ', 'words', null],
    ],
    [
      'has a call without a name',
      converseStream(event('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: {} } }), ...ENDED),
      [],
    ],
    ['is not in frames', { body: 'not at all' }, []],
    ['never begins', bedrockError(503, 'ServiceUnavailableException'), []],
  ])('that %s is tried again, and what was told of it is taken back', async (_claim, broken, before) => {
    const { server, told, complete } = await bedrock(broken, whole)
    expect((await complete()).text).toBe('Two words')
    expect(told).toEqual([...before, 'Two ', 'words'])
    expect(server.requests).toHaveLength(2)
  })

  test('that Bedrock ends with a refusal is not tried again', async () => {
    const { server, complete } = await bedrock(converseStream(...BEGUN, exception('validationException')))
    expect((await faultOf(complete())).code).toBe('provider_refused')
    expect(server.requests).toHaveLength(1)
  })

  test('is none where a model does not stream its calls of tools, from the second time on without asking', async () => {
    const unstreamable = bedrockError(
      400,
      'ValidationException',
      "This model doesn't support tool use in streaming mode.",
    )
    const answer = converseAnswer([{ text: 'whole' }])
    const { server, told, complete } = await bedrock(unstreamable, answer, answer)
    expect([(await complete()).text, (await complete()).text]).toEqual(['whole', 'whole'])
    expect(told).toEqual([])
    expect(server.requests.map(({ path }) => path.split('/').at(-1))).toEqual([
      'converse-stream',
      'converse',
      'converse',
    ])
  })

  test('that is stopped rejects with the reason', async () => {
    const { server, complete } = await bedrock(converseStream(...BEGUN))
    const stop = new AbortController()
    const reason = new Error('stop')
    const asked = complete(stop.signal)
    server.onRequest(() => stop.abort(reason))
    await expect(asked).rejects.toBe(reason)
  })
})
