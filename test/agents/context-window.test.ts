import { describe, expect, test } from '@jest/globals'
import * as vendorModels from 'gpt-tokenizer/models'
import { chatEnabledModels } from 'gpt-tokenizer/modelsChatEnabled.gen'
import { windowOf } from '../../agents/turn/windows.ts'
import { BOT } from '../support/agent-programs.ts'
import { say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

describe('the window of a model', () => {
  test.each([
    [
      'the models of the chapters',
      { 'gpt-4o': 128_000, 'gpt-4o-mini': 128_000, 'claude-sonnet-4': 200_000, 'llama3.2:3b': 131_072 },
    ],
    [
      'dated ones',
      { 'gpt-4o-mini-2024-07-18': 128_000, 'claude-3-5-haiku-20241022': 200_000, 'gpt-4-0613': 8192 },
    ],
    [
      'the longest name that fits',
      { 'gpt-4': 8192, 'gpt-4-turbo': 128_000, 'gpt-4.1-mini': 1_047_576, 'o1-mini': 128_000, o1: 200_000 },
    ],
    [
      'tags of Ollama',
      {
        'llama3:8b-instruct-q4_0': 8192,
        'llama3.1:70b': 131_072,
        'gemma3:1b': 32_768,
        'gpt-oss:20b': 131_072,
      },
    ],
    [
      'names with who serves the model',
      {
        'openai/gpt-4o': 128_000,
        'models/gemini-2.0-flash': 1_048_576,
        'us.anthropic.claude-3-haiku-20240307-v1:0': 200_000,
      },
    ],
    [
      'nothing for names that only begin alike',
      { o10: null, 'gpt-45': null, llama32: null, 'my-gpt-4': null, '': null },
    ],
  ])('is known for %s', (_, windows) => {
    expect(Object.fromEntries(Object.keys(windows).map((model) => [model, windowOf(model)]))).toEqual(windows)
  })

  test("is no larger than OpenAI's own list says, for every chat model there", () => {
    const theirs = vendorModels as unknown as Readonly<
      Record<string, { readonly context_window?: number } | undefined>
    >
    const tooLarge = chatEnabledModels.flatMap((model) => {
      const [ours, vendor] = [windowOf(model), theirs[model]?.context_window]
      return ours !== null && vendor !== undefined && ours > vendor ? [{ model, ours, vendor }] : []
    })
    expect(tooLarge).toEqual([])
  })
})

const warningsOf = ({ warnings }: TestWorld): readonly string[] =>
  warnings.filter((line) => line.includes('context window'))

describe('an agent', () => {
  test('with a model that nobody knows has 128,000 tokens, with one warning', async () => {
    const t = testWorld(BOT.replace('gpt-4o-mini', 'house-model'))
    t.model.answer(says('a1'), says('a2'))
    await say(t, 'q1')
    await say(t, 'q2')
    expect(warningsOf(t)).toEqual([
      'the context window of model "house-model" is not known: taken for 128000 tokens; state it as `context_window` of the agent',
    ])
    const refused = await faultOf(say(t, 'x '.repeat(257_000)))
    expect(refused).toMatchObject({ code: 'message_too_large', data: { limit: 128_000 } })
  })

  test('says its window itself, whatever is known of the model', async () => {
    for (const model of ['house-model', 'gpt-4o']) {
      const t = testWorld(BOT.replace('"gpt-4o-mini"', `"${model}" context_window: 4096`))
      const refused = await faultOf(say(t, 'x '.repeat(9000)))
      expect(refused).toMatchObject({ code: 'message_too_large', data: { limit: 4096 } })
      expect(warningsOf(t)).toEqual([])
    }
  })

  test('of the offline provider needs none', async () => {
    const t = testWorld(BOT.replace('"openai"', '"offline"').replace('gpt-4o-mini', 'none'))
    t.model.answer(says('a1'))
    await say(t, 'q1')
    expect(warningsOf(t)).toEqual([])
  })
})
