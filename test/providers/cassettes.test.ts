import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { ModelReply, ModelRequest } from '../../agents/ports/model.ts'
import { type Cassettes, cassetteModels } from '../../providers/cassettes/models.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, LOOKUP_ORDER, modelRequest } from '../support/model-bench.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const CALL = { signal: new AbortController().signal, deadlineAt: Number.POSITIVE_INFINITY }
const AGENT = agentDecl({ name: 'Bot' })
/** In replay nobody is asked. */
const NOBODY = { for: () => Promise.reject(new Error('a vendor was asked')) }

const sends = async (mode: Cassettes['mode'], directory: string, answers: readonly Answer[] = []) => {
  const vendors = mode === 'record' ? new ScriptedModel().answer(...answers) : NOBODY
  const models = cassetteModels({ mode, directory }, vendors)
  return async (request: ModelRequest): Promise<ModelReply> =>
    await (await models.for(AGENT)).complete(request, CALL)
}

/** A directory in which requests and their answers were recorded. */
async function recorded(...exchanges: readonly (readonly [ModelRequest, Answer])[]): Promise<string> {
  const directory = temporaryDirectory()
  const send = await sends(
    'record',
    directory,
    exchanges.map(([, answer]) => answer),
  )
  for (const [request] of exchanges) await send(request).catch(() => {})
  return directory
}

const cassette = (directory: string): string => join(directory, 'Bot.jsonl')
const LOOKUP = modelRequest('Where is ORD-1?', { tools: [LOOKUP_ORDER] })

describe('a recording', () => {
  test('is a line of JSON for each exchange, readable by its owner only', async () => {
    const directory = await recorded([modelRequest('Hi'), says('Hello')])
    const path = cassette(directory)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      request: {
        provider: 'openai',
        model: 'gpt-4o',
        temperature: 0.3,
        messages: [{ role: 'user', content: 'Hi' }],
        tools: [],
      },
      reply: {
        text: 'Hello',
        toolCalls: [],
        usage: { inputTokens: 100, outputTokens: 20, cachedTokens: 0, estimated: false },
        stopReason: 'stop',
      },
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('goes on where an earlier one ended', async () => {
    const directory = await recorded([modelRequest('one'), says('1')])
    await (await sends('record', directory, [says('2')]))(modelRequest('two'))
    const send = await sends('replay', directory)
    expect([(await send(modelRequest('one'))).text, (await send(modelRequest('two'))).text]).toEqual([
      '1',
      '2',
    ])
  })

  test('that cannot be kept is told before the vendor is asked', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const model = new ScriptedModel()
    const models = cassetteModels({ mode: 'record', directory: file }, model)
    expect((await faultOf(models.for(AGENT))).code).toBe('storage_unavailable')
    expect(model.requests).toEqual([])
  })
})

describe('a replay', () => {
  test('gives the whole answer, tool calls and usage included, and costs nothing', async () => {
    const directory = await recorded([LOOKUP, calls(['lookup_order', { order_id: 'ORD-1' }])])
    const provider = await cassetteModels({ mode: 'replay', directory }, NOBODY).for(AGENT)
    expect(provider).toMatchObject({ name: 'replay', free: true })
    expect(await provider.complete(LOOKUP, CALL)).toMatchObject({
      toolCalls: [{ id: 'call-1', name: 'lookup_order', arguments: '{"order_id":"ORD-1"}' }],
      usage: { inputTokens: 100, outputTokens: 20 },
      stopReason: 'tool_calls',
    })
  })

  test('gives equal requests their answers in order, then the last one', async () => {
    const directory = await recorded([modelRequest('roll'), says('4')], [modelRequest('roll'), says('6')])
    const send = await sends('replay', directory)
    const rolls = [
      await send(modelRequest('roll')),
      await send(modelRequest('roll')),
      await send(modelRequest('roll')),
    ]
    expect(rolls.map(({ text }) => text)).toEqual(['4', '6', '6'])
  })

  test.each([
    ['the output limit', modelRequest('Hi', { maxOutputTokens: 256 })],
    ['moments', modelRequest('Hi')],
  ])('takes no notice of %s', async (what, request) => {
    const at = (moment: string, asked: ModelRequest): ModelRequest =>
      what === 'moments' ? modelRequest(`It is ${moment}.`) : asked
    const directory = await recorded([at('2026-11-21T10:00:00Z', modelRequest('Hi')), says('Hello')])
    const send = await sends('replay', directory)
    expect((await send(at('2027-01-02T03:04:05.678+01:00', request))).text).toBe('Hello')
  })

  test("fails as the vendor did, but not with what was one run's bad luck", async () => {
    const directory = await recorded(
      [modelRequest('bad'), new Fault('provider_refused', { provider: 'openai', problem: 'no such model' })],
      [modelRequest('slow'), new Fault('provider_timeout', { provider: 'openai' })],
    )
    const send = await sends('replay', directory)
    expect(faultText(await faultOf(send(modelRequest('bad'))))).toContain('no such model')
    expect((await faultOf(send(modelRequest('slow')))).code).toBe('replay_missing')
  })

  test('is stopped by its signal', async () => {
    const directory = await recorded([modelRequest('Hi'), says('Hello')])
    const provider = await cassetteModels({ mode: 'replay', directory }, NOBODY).for(AGENT)
    const aborted = { ...CALL, signal: AbortSignal.abort('over') }
    await expect(provider.complete(modelRequest('Hi'), aborted)).rejects.toBe('over')
  })
})

describe('a request that was not recorded', () => {
  const missing = async (directory: string, request: ModelRequest): Promise<string> =>
    faultText(await faultOf((await sends('replay', directory))(request))).replace(directory, 'DIR')

  test('names the file when nothing is recorded', async () => {
    expect(await missing(temporaryDirectory(), modelRequest('Hi'))).toBe(
      'no answer is recorded for this request of agent Bot in DIR/Bot.jsonl: nothing is recorded there; record it with NEAM_LLM_RECORD',
    )
  })

  const system = { role: 'system', content: 'You help.' } as const
  const asks = (content: string) => modelRequest([system, { role: 'user', content }])

  test('names the nearest one and where the two part', async () => {
    const directory = await recorded(
      [modelRequest('Good evening'), says('-')],
      [asks('Where is ORD-1?'), says('-')],
    )
    expect(await missing(directory, asks('Where is ORD-2?'))).toBe(
      'no answer is recorded for this request of agent Bot in DIR/Bot.jsonl: the nearest, number 2, has "Where is ORD-1?" as messages.1.content, and now it is "Where is ORD-2?"; record it with NEAM_LLM_RECORD',
    )
  })

  test('shows of long texts the place where they part', async () => {
    const long = (end: string) => asks(`${'lorem ipsum '.repeat(100)}${end}${' dolor'.repeat(100)}`)
    const directory = await recorded([long('ONE'), says('-')])
    const text = await missing(directory, long('TWO'))
    expect(text).toMatch(
      /has \.\.\.[a-z ]*ONE[a-z ]*\.\.\. as messages\.1\.content, and now it is \.\.\.[a-z ]*TWO/,
    )
    expect(text.length).toBeLessThan(500)
  })

  test.each([
    [
      'a message more',
      modelRequest([system, { role: 'user', content: 'Hi' }, { role: 'user', content: 'Hi?' }]),
      'undefined as messages.2, and',
    ],
    [
      'another model',
      { ...asks('Hi'), model: 'gpt-4o-mini' },
      '"gpt-4o" as model, and now it is "gpt-4o-mini"',
    ],
    ['a tool', { ...asks('Hi'), tools: [LOOKUP_ORDER] }, 'undefined as tools.0, and'],
  ])('is told by %s', async (_, request, text) => {
    expect(await missing(await recorded([asks('Hi'), says('-')]), request)).toContain(text)
  })
})

describe('a cassette that somebody edited', () => {
  const line = (change: (exchange: Record<string, unknown>) => unknown): string =>
    JSON.stringify(
      change({
        request: {
          provider: 'openai',
          model: 'gpt-4o',
          temperature: 0.3,
          messages: [{ role: 'user', content: 'Hi' }],
          tools: [],
        },
        reply: {
          text: 'Hello',
          toolCalls: [],
          usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, estimated: false },
          stopReason: 'stop',
        },
      }),
    )

  test('may have other answers and empty lines', async () => {
    const directory = temporaryDirectory()
    writeFileSync(cassette(directory), `\n${line((exchange) => exchange).replace('Hello', 'Good day')}\n\n`)
    expect((await (await sends('replay', directory))(modelRequest('Hi'))).text).toBe('Good day')
  })

  test.each([
    ['no JSON', '{', 'line 2: is no JSON'],
    ['no reply', line(({ request }) => ({ request })), 'line 2: reply: '],
    ['a misspelt field', line(({ request, reply }) => ({ request, reply, repyl: 1 })), 'line 2: repyl: '],
    [
      'a usage below 0',
      line((exchange) => exchange).replace('"inputTokens":1', '"inputTokens":-1'),
      'line 2: reply.usage.inputTokens: ',
    ],
    [
      'an unknown error',
      line(({ request }) => ({ request, fault: { code: 'bad_luck', data: {} } })),
      'line 2: fault.code: is no code of an error',
    ],
  ])('with %s is refused with its place', async (_, text, problem) => {
    const directory = temporaryDirectory()
    writeFileSync(cassette(directory), `${line((exchange) => exchange)}\n${text}\n`)
    const fault = await faultOf((await sends('replay', directory))(modelRequest('Hi')))
    expect(fault).toMatchObject({ code: 'record_damaged', data: { path: cassette(directory) } })
    expect(fault.data.problem).toContain(problem)
  })
})
