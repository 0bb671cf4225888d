import { describe, expect, test } from '@jest/globals'
import type { TokenCounter } from '../../agents/ports/tokens.ts'
import { messageTokens, requestTokens, UPPER_BOUND } from '../../agents/turn/tokens.ts'
import { tokenizers } from '../../providers/tokenizers.ts'
import { outOfDescriptors } from '../support/out-of-descriptors.ts'

const O200K = 'gpt-4o'
const CL100K = 'gpt-4'

const counter = async (model: string): Promise<TokenCounter> => (await tokenizers().for(model))!

test('an encoding that could not be loaded is loaded by whoever asks next', () => {
  const printed = outOfDescriptors(
    { tokenizers: 'providers/tokenizers.ts' },
    `const { for: counterOf } = tokenizers()
    const count = () => counterOf('gpt-4').then((counter) => counter.text('Hello'))
    exhaust()
    await shown(count())
    relieve()
    await shown(count())`,
  )
  expect(printed).toMatch(/^{"code":"\w+"}\n1\n$/)
})

describe('the tokenizer of a model', () => {
  test('is that of its family, by whatever version it is named', async () => {
    const encodings = new Map<string, string>()
    for (const model of [
      'gpt-4o-mini',
      'gpt-4o-2024-08-06',
      'gpt-4.1-nano',
      'gpt-5',
      'gpt-5.1',
      'o1',
      'o3-mini',
      'o4-mini',
      'gpt-oss:20b',
      'gpt-4',
      'gpt-4-turbo',
      'gpt-3.5-turbo',
    ]) {
      // 9 tokens in one encoding, 8 in the other.
      const tokens = (await counter(model)).text('お誕生日おめでとう')
      encodings.set(model, tokens === 8 ? 'o200k_base' : 'cl100k_base')
    }
    expect(Object.fromEntries(encodings)).toEqual({
      'gpt-4o-mini': 'o200k_base',
      'gpt-4o-2024-08-06': 'o200k_base',
      'gpt-4.1-nano': 'o200k_base',
      'gpt-5': 'o200k_base',
      'gpt-5.1': 'o200k_base',
      o1: 'o200k_base',
      'o3-mini': 'o200k_base',
      'o4-mini': 'o200k_base',
      'gpt-oss:20b': 'o200k_base',
      'gpt-4': 'cl100k_base',
      'gpt-4-turbo': 'cl100k_base',
      'gpt-3.5-turbo': 'cl100k_base',
    })
  })

  test('is not known for vendors that publish none', async () => {
    for (const model of ['claude-sonnet-4', 'gemini-2.0-flash', 'llama3.2', 'o2-of-somebody', '']) {
      expect([model, await tokenizers().for(model)]).toEqual([model, null])
    }
  })
})

describe('a text has as many tokens as OpenAI says', () => {
  test.each([
    ['antidisestablishmentarianism', O200K, 6],
    ['antidisestablishmentarianism', CL100K, 6],
    ['2 + 2 = 4', O200K, 7],
    ['2 + 2 = 4', CL100K, 7],
    ['お誕生日おめでとう', O200K, 8],
    ['お誕生日おめでとう', CL100K, 9],
    ['tiktoken is great!', O200K, 6],
    ['', O200K, 0],
  ])('%j to %s: %d', async (text, model, tokens) => {
    expect((await counter(model)).text(text)).toBe(tokens)
  })

  test('control sequences in it are text', async () => {
    expect((await counter(O200K)).text('<|endoftext|>')).toBe(7)
  })
})

/** The example of OpenAI's cookbook, with what its API counted. Names are no part of our messages. */
const CONVERSATION = [
  {
    role: 'system',
    content:
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  {
    role: 'system',
    name: 'example_assistant',
    content: 'Things working well together will increase revenue.',
  },
  {
    role: 'system',
    name: 'example_user',
    content:
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  {
    role: 'user',
    content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
  },
] as const

test.each([
  [O200K, 124],
  [CL100K, 129],
])('a conversation takes as many tokens of %s as its vendor reported: %d', async (model, reported) => {
  const by = await counter(model)
  const names = CONVERSATION.flatMap((message) => ('name' in message ? [by.text(message.name) + 1] : []))
  const tokens = requestTokens(by, CONVERSATION, [])
  expect(tokens + names.reduce((sum, one) => sum + one, 0)).toBe(reported)
})

test('tools count as they are shown to the model, not as JSON', async () => {
  const by = await counter(O200K)
  const weather = {
    name: 'get_current_weather',
    description: 'Get the current weather in a given location',
    parameters: {
      type: 'object',
      properties: {
        location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
        unit: {
          type: 'string',
          description: 'The unit of temperature to return',
          enum: ['celsius', 'fahrenheit'],
        },
      },
      required: ['location'],
      additionalProperties: false,
    },
  } as const
  const shown = `namespace functions {

// Get the current weather in a given location
type get_current_weather = (_: {
// The city and state, e.g. San Francisco, CA
location: string,
// The unit of temperature to return
unit?: "celsius" | "fahrenheit",
}) => any;

} // namespace functions`
  expect(by.tools([weather])).toBe(by.text(shown) + 9)
  expect(by.tools([weather])).toBeLessThan(by.text(JSON.stringify([weather])))
})

describe('a text of any kind', () => {
  const random = (alphabet: string, length: number): string => {
    let state = 42
    return Array.from({ length }, () => {
      state = (state * 1103515245 + 12345) % 2147483648
      return alphabet[Math.floor((state / 2147483648) * alphabet.length)]
    }).join('')
  }
  const kinds: readonly (readonly [kind: string, text: string])[] = [
    ['prose', 'The quick brown fox jumps over the lazy dog. '.repeat(40)],
    ['code', 'if (x[i] !== y?.z) {\n    return x[i] + 1\n}\n'.repeat(40)],
    ['random letters', random('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/', 2000)],
    ['Chinese', '我们今天去北京的长城看看吧。'.repeat(40)],
    ['emoji', '👩‍🔬🧪🦜'.repeat(100)],
    ['half a pair', '\ud83d'.repeat(50)],
    ['spaces', ' '.repeat(3000)],
  ]

  test.each(kinds)('has no more tokens than bytes: %s', async (_, text) => {
    const message = { role: 'user', content: text } as const
    const bound = messageTokens(UPPER_BOUND, message)
    for (const model of [O200K, CL100K]) {
      expect(messageTokens(await counter(model), message)).toBeLessThanOrEqual(bound)
    }
  })

  test('is counted in pieces, which makes no difference where it has spaces', async () => {
    const by = await counter(O200K)
    const sentence = ' The order 12345 was lost, sadly.'
    expect(by.text(sentence.repeat(500))).toBe(by.text(sentence) * 500)
  })

  test('without spaces is at most one token too many for each piece', async () => {
    // 8 letters a token.
    const tokens = (await counter(O200K)).text('a'.repeat(100_000))
    expect(tokens).toBeGreaterThanOrEqual(12_500)
    expect(tokens).toBeLessThanOrEqual(12_500 + Math.ceil(100_000 / 256))
  })

  test('is never cut in the middle of a character', async () => {
    const by = await counter(O200K)
    expect(by.text(`a${'𝒳'.repeat(1000)}`)).toBeLessThanOrEqual(by.text('𝒳') * 1000 + 1)
  })
})
