import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { GEN_AI, providerName } from '../../agents/tracing/conventions.ts'
import { fetch } from '../support/fetch.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { type Collector, startCollector } from '../support/otlp-collector.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel http { type: "http" }
skill lookup_order {
  description: "Looks up an order"
  params: { order_id: string }
  impl(order_id) { return { "order_id": order_id, "status": "shipped" }; }
}
skill broken { description: "Fails" params: {} impl() { return nil + 1; } }
skill consult { description: "Asks" params: {} impl() { return helper.ask("What now?"); } }
agent helper { provider: "openai" model: "gpt-4o-mini" }
claw agent clerk {
  provider: "openai"
  model: "gpt-4o"
  system: "You know orders."
  temperature: 0.2
  channels: [http]
  skills: [lookup_order, broken, consult]
}
`
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`
const SESSION = '/api/v1/claw/clerk/sessions/room_7/message'

const model = await startOpenAIServer()

/** An API whose spans go to a collector of its own. */
async function traced(environment: Readonly<Record<string, string>> = {}, collector?: Collector) {
  const to = collector ?? (await startCollector())
  const api = await testApi({
    module: moduleOf(PROGRAM),
    environment: {
      NEAM_OFFLINE: '0',
      OPENAI_API_KEY: 'sk-a-key-of-the-tests',
      OPENAI_BASE_URL: model.url,
      ...to.environment,
      ...environment,
    },
  })
  return { api, collector: to }
}

const say = (api: TestApi, message: string, headers: Readonly<Record<string, string>> = {}) =>
  api.call('POST', SESSION, { body: { message }, headers })

const calling = (name: string, args = '{}') => ({ toolCalls: [{ name, arguments: args }] })

describe('the spans of a turn', () => {
  test('are a tree of request, agent, model calls and tools, in the trace of the caller', async () => {
    const { api, collector } = await traced()
    model.script(calling('lookup_order', '{"order_id":"ORD-1"}'), { text: 'It was shipped.' })
    const { status } = await say(api, 'Where is ORD-1?', { traceparent: TRACEPARENT })
    await api.system.world.tracing.flush()
    expect(status).toBe(200)
    expect(collector.tree()).toEqual([
      [
        'POST /api/v1/claw/{agent}/sessions/{key}/message',
        [['invoke_agent clerk', ['chat gpt-4o', 'execute_tool lookup_order', 'chat gpt-4o']]],
      ],
    ])
    const spans = collector.spans()
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))
    expect(spans[0]!.parentSpanId).toBe(CALLER)
    const common = { 'gen_ai.agent.name': 'clerk', 'gen_ai.conversation.id': 'room_7' }
    const call = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.request.temperature': 0.2,
      ...common,
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.cache_read.input_tokens': 0,
    }
    expect(spans.map(({ kind, attributes }) => ({ kind, attributes }))).toEqual([
      {
        kind: 'server',
        attributes: {
          'http.request.method': 'POST',
          'http.route': '/api/v1/claw/{agent}/sessions/{key}/message',
          'url.path': SESSION,
          'url.scheme': 'http',
          'http.response.status_code': 200,
        },
      },
      {
        kind: 'internal',
        attributes: {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'gpt-4o',
          ...common,
          'gen_ai.usage.input_tokens': 200,
          'gen_ai.usage.output_tokens': 40,
          'gen_ai.usage.cache_read.input_tokens': 0,
        },
      },
      { kind: 'client', attributes: { ...call, 'gen_ai.response.finish_reasons': ['tool_calls'] } },
      {
        kind: 'internal',
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'lookup_order',
          'gen_ai.tool.type': 'function',
          'gen_ai.tool.call.id': expect.stringMatching(/./),
          ...common,
        },
      },
      { kind: 'client', attributes: { ...call, 'gen_ai.response.finish_reasons': ['stop'] } },
    ])
    expect(spans[0]!.resource).toMatchObject({
      'service.name': 'neamclaw-lambda',
      'service.version': expect.stringMatching(/^\d/),
    })
  })

  test('hold agents that are asked within a tool', async () => {
    const { api, collector } = await traced()
    model.script(calling('consult'), { text: 'Wait.' }, { text: 'We wait.' })
    await say(api, 'What now?')
    await api.system.world.tracing.flush()
    expect(collector.tree()).toEqual([
      [
        'POST /api/v1/claw/{agent}/sessions/{key}/message',
        [
          [
            'invoke_agent clerk',
            [
              'chat gpt-4o',
              ['execute_tool consult', [['invoke_agent helper', ['chat gpt-4o-mini']]]],
              'chat gpt-4o',
            ],
          ],
        ],
      ],
    ])
  })

  test('that fail say why by a code: a tool, a vendor, an answer 5xx', async () => {
    const { api, collector } = await traced()
    model.script(calling('broken'), { status: 401, message: 'the secret message of the vendor' })
    const { status } = await say(api, 'Break')
    await api.system.world.tracing.flush()
    expect(collector.tree()).toEqual([
      [
        '*POST /api/v1/claw/{agent}/sessions/{key}/message',
        [['*invoke_agent clerk', ['chat gpt-4o', '*execute_tool broken', '*chat gpt-4o']]],
      ],
    ])
    const errors = collector.spans().flatMap(({ attributes }) => attributes['error.type'] ?? [])
    expect(errors).toEqual([String(status), 'provider_auth', 'tool_error', 'provider_auth'])
    expect(collector.text()).not.toContain('secret message')
  })

  test('refused requests have a span, too; what is wrong with the caller is no error of ours', async () => {
    const { api, collector } = await traced()
    await api.call('POST', '/api/v1/claw/nobody/sessions/a/message', { body: { message: 'Hi' } })
    await api.call('GET', '/health', { headers: { traceparent: 'not a traceparent' } })
    await api.system.world.tracing.flush()
    expect(collector.tree()).toEqual(['POST /api/v1/claw/{agent}/sessions/{key}/message', 'GET /health'])
    expect(collector.spans().map(({ attributes }) => attributes['http.response.status_code'])).toEqual([
      404, 200,
    ])
    expect(collector.spans()[1]!.parentSpanId).toBe('')
  })

  test('turns at the same time keep apart', async () => {
    const { api, collector } = await traced()
    model.always((request) => ({ text: `You said ${request.body.messages.at(-1)!.content}` }))
    await Promise.all(
      ['a', 'b', 'c'].map((key) =>
        api.call('POST', `/api/v1/claw/clerk/sessions/${key}/message`, { body: { message: key } }),
      ),
    )
    await api.system.world.tracing.flush()
    const tree = [
      ['POST /api/v1/claw/{agent}/sessions/{key}/message', [['invoke_agent clerk', ['chat gpt-4o']]]],
    ]
    expect(collector.tree()).toEqual([...tree, ...tree, ...tree])
    for (const { name, attributes, parentSpanId } of collector.spans()) {
      if (!name.startsWith('chat')) continue
      const parent = collector.spans().find(({ spanId }) => spanId === parentSpanId)!
      expect(parent.attributes['gen_ai.conversation.id']).toBe(attributes['gen_ai.conversation.id'])
    }
  })
})

describe('what people and models wrote', () => {
  const CANARY = 'canary-8841'
  const turn = async (environment: Readonly<Record<string, string>>) => {
    const { api, collector } = await traced(environment)
    model.script(calling('lookup_order', `{"order_id":"${CANARY}-argument"}`), { text: `${CANARY}-answer` })
    await say(api, `${CANARY}-question`)
    await api.system.world.tracing.flush()
    return collector
  }

  test('is never recorded by itself', async () => {
    const collector = await turn({})
    expect(collector.spans()).toHaveLength(5)
    expect(collector.text()).not.toContain(CANARY)
    expect(collector.text()).not.toContain('You know orders.')
    expect(collector.text()).not.toContain('sk-a-key')
  })

  test.each(['false', 'no_content', 'event_only'])('nor with %s', async (value) => {
    const collector = await turn({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value })
    expect(collector.text()).not.toContain(CANARY)
  })

  test.each(['true', 'SPAN_ONLY'])(
    'is recorded with %s, by the schemas of the conventions',
    async (value) => {
      const collector = await turn({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value })
      const [, , , tool, second] = collector.spans().map(({ attributes }) => attributes)
      expect(tool).toMatchObject({
        'gen_ai.tool.call.arguments': `{"order_id":"${CANARY}-argument"}`,
        'gen_ai.tool.call.result': `{"order_id":"${CANARY}-argument","status":"shipped"}`,
      })
      const json = (name: string) => JSON.parse(String(second![name]))
      expect(json('gen_ai.system_instructions')).toEqual([{ type: 'text', content: 'You know orders.' }])
      expect(json('gen_ai.input.messages')).toMatchObject([
        { role: 'user', parts: [{ type: 'text', content: `${CANARY}-question` }] },
        {
          role: 'assistant',
          parts: [
            { type: 'tool_call', name: 'lookup_order', arguments: `{"order_id":"${CANARY}-argument"}` },
          ],
        },
        {
          role: 'tool',
          parts: [
            { type: 'tool_call_response', response: `{"order_id":"${CANARY}-argument","status":"shipped"}` },
          ],
        },
      ])
      expect(json('gen_ai.output.messages')).toEqual([
        { role: 'assistant', parts: [{ type: 'text', content: `${CANARY}-answer` }], finish_reason: 'stop' },
      ])
      expect(collector.text()).not.toContain('sk-a-key')
    },
  )
})

describe('how much is recorded', () => {
  test.each([
    ['always_off', TRACEPARENT, 0],
    ['parentbased_always_off', TRACEPARENT, 1],
    ['parentbased_always_on', `00-${TRACE}-${CALLER}-00`, 0],
    ['traceidratio', `00-${TRACE}-${CALLER}-00`, 1],
  ])('with the sampler %s and the caller’s %s is %i spans', async (sampler, traceparent, count) => {
    const { api, collector } = await traced({ OTEL_TRACES_SAMPLER: sampler })
    await api.call('GET', '/health', { headers: { traceparent } })
    await api.system.world.tracing.flush()
    expect(
      collector.requests.flatMap(({ body }) => body.toString().match(/"name":"GET/g) ?? []),
    ).toHaveLength(count)
  })

  test('is sent as protobuf unless JSON is asked for', async () => {
    const collector = await startCollector()
    const { api } = await traced({ OTEL_EXPORTER_OTLP_PROTOCOL: '' }, collector)
    await api.call('GET', '/health')
    await api.system.world.tracing.flush()
    expect(collector.requests.map(({ path, contentType }) => [path, contentType])).toEqual([
      ['/v1/traces', 'application/x-protobuf'],
    ])
    expect(collector.text()).toContain('GET /health')
  })
})

describe('the local programs', () => {
  test('neam-api sends what is left when it ends; a forge run is in the trace of its start', async () => {
    const collector = await startCollector()
    const cwd = temporaryDirectory()
    writeFileSync(
      join(cwd, 'builder.neam'),
      `forge agent builder {
        provider: "openai"
        model: "gpt-4o"
        verify: fn(ctx) { if (ctx.iteration < 3) { return VerifyResult.Retry("secret feedback"); } return true; }
        checkpoint: "none"
      }`,
    )
    const server = await startServer(
      'bin/neam-api.js',
      ['--program', 'builder.neam', '--offline'],
      collector.environment,
      cwd,
    )
    const started = await fetch(`${server.url}/api/v1/forge/builder/start`, {
      method: 'POST',
      headers: { traceparent: TRACEPARENT },
    })
    const { run } = (await started.json()) as { run: string }
    for (let tries = 0; tries < 5000; tries += 1) {
      const status = await fetch(`${server.url}/api/v1/forge/builder/status`)
      if (!((await status.json()) as { running: boolean }).running) break
    }
    await server.stop()
    const iterations = collector.spans().filter(({ name }) => name === 'forge_iteration builder')
    expect(iterations.map(({ traceId, attributes }) => ({ traceId, attributes }))).toEqual(
      ['next', 'next', 'done'].map((step, index) => ({
        traceId: TRACE,
        attributes: {
          'gen_ai.agent.name': 'builder',
          'gen_ai.conversation.id': run,
          'neam.forge.iteration': index + 1,
          'neam.forge.step': step,
          'neam.forge.verdict': step === 'done' ? 'done' : 'retry',
          'neam.forge.outcome': step === 'done' ? 'completed' : 'running',
        },
      })),
    )
    const iteration = ['forge_iteration builder', [['invoke_agent builder', ['chat gpt-4o']]]]
    expect(collector.tree()[0]).toEqual([
      'POST /api/v1/forge/{agent}/start',
      [iteration, iteration, iteration],
    ])
    expect(collector.text()).not.toContain('secret feedback')
  }, 60_000)

  test('neam-forge makes one trace of a run', async () => {
    const collector = await startCollector()
    const cwd = temporaryDirectory()
    cpSync(join(ROOT, 'examples/word-count'), cwd, { recursive: true })
    const { code } = await runBin(
      'neam-forge',
      ['--agent', 'word-count.neam', '--workspace', 'workspace', '--max-iterations', '6', '--offline'],
      { cwd, env: collector.environment },
    )
    expect(code).toBe(0)
    const [name, iterations] = collector.tree()[0] as [string, unknown[]]
    expect([name, iterations.length, collector.tree().length]).toEqual(['forge_run word_count', 3, 1])
  }, 60_000)

  test('a collector that refuses is told once, and answers nothing worse', async () => {
    const collector = await startCollector(400)
    const cwd = temporaryDirectory()
    copyFileSync(join(ROOT, 'examples/tutor.neam'), join(cwd, 'tutor.neam'))
    const { code, stdout, stderr } = await runBin('neam-cli', ['tutor.neam', '--offline'], {
      cwd,
      env: collector.environment,
      input: 'My name is Ada\n',
    })
    expect([code, stdout]).toEqual([0, expect.stringContaining('My name is Ada')])
    expect(stderr.match(/warning: traces are being lost: /g)).toHaveLength(1)
  }, 30_000)
})

test('log and audit name the trace', async () => {
  const auditLog = join(temporaryDirectory(), 'audit.jsonl')
  const { api } = await traced({ NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: auditLog })
  model.script({ text: 'Hello.' })
  await say(api, 'Hi', { traceparent: TRACEPARENT })
  await api.system.world.tracing.flush()
  expect(api.logged.at(-1)).toMatchObject({ message: 'request', trace_id: TRACE })
  const records = readFileSync(auditLog, 'utf8').trim().split('\n')
  expect(records.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ event: 'agent.answer', trace_id: TRACE }),
  )
})

describe('without an endpoint', () => {
  /** Module URLs of OpenTelemetry that a run of neam-cli loads. */
  async function loaded(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const cwd = temporaryDirectory()
    copyFileSync(join(ROOT, 'examples/tutor.neam'), join(cwd, 'tutor.neam'))
    const hook = join(cwd, 'hook.mjs')
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module'
       registerHooks({ load(url, context, next) {
         if (url.includes('@opentelemetry') || url.includes('open-telemetry')) process.stderr.write('LOADED ' + url + '\\n')
         return next(url, context)
       } })`,
    )
    const { code, stderr } = await runBin('neam-cli', ['tutor.neam', '--offline'], {
      cwd,
      env: { NODE_OPTIONS: `--import ${pathToFileURL(hook)}`, ...env },
      input: 'Hi\n',
    })
    expect(code).toBe(0)
    return stderr.split('\n').filter((line) => line.startsWith('LOADED '))
  }

  test('no package of OpenTelemetry is loaded', async () => {
    const { environment } = await startCollector()
    expect(await loaded({})).toEqual([])
    expect(await loaded({ ...environment, OTEL_SDK_DISABLED: 'true' })).toEqual([])
    expect((await loaded(environment)).length).toBeGreaterThan(5)
  }, 60_000)

  test('nothing is traced', async () => {
    const api = await testApi({ module: moduleOf(PROGRAM) })
    expect(api.system.settings.tracing).toBeNull()
    await api.call('GET', '/health', { headers: { traceparent: TRACEPARENT } })
    expect(api.system.world.tracing.current()).toBeNull()
  })
})

test('attributes have the names of the official conventions', () => {
  const official = new Set<unknown>(Object.values(conventions))
  expect(Object.values(GEN_AI).filter((name) => !official.has(name))).toEqual([])
  expect(['openai', 'gemini', 'bedrock', 'anthropic'].map(providerName)).toEqual([
    conventions.GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
    conventions.GEN_AI_PROVIDER_NAME_VALUE_GCP_GEMINI,
    conventions.GEN_AI_PROVIDER_NAME_VALUE_AWS_BEDROCK,
    conventions.GEN_AI_PROVIDER_NAME_VALUE_ANTHROPIC,
  ])
})
