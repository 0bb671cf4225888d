import { describe, expect, test } from '@jest/globals'
import { PRICES, priceOf } from '../../agents/turn/prices.ts'
import { windowOf } from '../../agents/turn/windows.ts'

describe('the price of a model of Bedrock', () => {
  test.each([
    ['amazon.nova-lite-v1:0', 0.06, 0.24],
    ['eu.amazon.nova-lite-v1:0', 0.06, 0.24],
    ['us.meta.llama3-3-70b-instruct-v1:0', 0.72, 0.72],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', 3, 15],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 3.3, 16.5],
    ['global.anthropic.claude-sonnet-4-5-20250929-v1:0', 3, 15],
    ['eu.anthropic.claude-sonnet-4-6', 3.3, 16.5],
    ['us-gov.anthropic.claude-3-haiku-20240307-v1:0', 0.25, 1.25],
    [
      'arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0',
      1.1,
      5.5,
    ],
  ])('%s is %d in, %d out', (model, input, output) => {
    expect(priceOf(PRICES, model)).toMatchObject({ input, output })
  })

  test.each([
    'arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6',
    'mistral.mistral-large-2407-v1:0',
    'house/gpt-4o',
    'amazon.nova',
  ])('%s is not known', (model) => {
    expect(priceOf(PRICES, model)).toBeNull()
  })

  test('is the one that a file of prices has for the whole id, where it has one', () => {
    const own = { input: 1, output: 2, cached: 1 }
    const table = { ...PRICES, 'eu.amazon.nova-lite-v1:0': own }
    expect(priceOf(table, 'eu.amazon.nova-lite-v1:0')).toBe(own)
    expect(priceOf(table, 'us.amazon.nova-lite-v1:0')).toMatchObject({ input: 0.06 })
  })
})

test.each([
  ['us.anthropic.claude-sonnet-4-20250514-v1:0', 200_000],
  ['us-gov.anthropic.claude-3-haiku-20240307-v1:0', 200_000],
  ['us.amazon.nova-premier-v1:0', 1_000_000],
  ['meta.llama3-8b-instruct-v1:0', 8192],
  ['meta.llama3-1-8b-instruct-v1:0', 131_072],
  ['us.meta.llama3-3-70b-instruct-v1:0', 131_072],
  ['mistral.mistral-large-2402-v1:0', 32_768],
  ['mistral.mistral-large-2407-v1:0', 131_072],
  ['openai.gpt-oss-120b-1:0', 131_072],
])('the window of %s has %d tokens', (model, tokens) => {
  expect(windowOf(model)).toBe(tokens)
})
