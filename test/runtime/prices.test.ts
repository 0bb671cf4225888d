import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { priceOf } from '../../agents/turn/prices.ts'
import { loadPrices } from '../../runtime/prices.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function file(content: string): string {
  const path = join(temporaryDirectory(), 'prices.json')
  writeFileSync(path, content)
  return path
}

test('a file adds models and overrides built-in ones', () => {
  const prices = loadPrices(
    file('{"my-model": {"input": 1, "output": 2}, "gpt-4o": {"input": 3, "output": 4, "cached": 0}}'),
  )
  expect(priceOf(prices, 'my-model')).toEqual({ input: 1, output: 2, cached: 1 })
  expect(priceOf(prices, 'gpt-4o')).toEqual({ input: 3, output: 4, cached: 0 })
  expect(priceOf(prices, 'gpt-4o-mini')).toMatchObject({ input: 0.15 })
})

test('a dated model has the price of its family, the longest that fits', () => {
  const prices = loadPrices(null)
  expect(priceOf(prices, 'gpt-4o-mini-2024-07-18')).toBe(prices['gpt-4o-mini'])
  expect(priceOf(prices, 'gpt-4o-2024-08-06')).toBe(prices['gpt-4o'])
  expect(priceOf(prices, 'gpt-4omega')).toBeNull()
  expect(priceOf(prices, 'unheard-of')).toBeNull()
})

test.each([
  ['gpt-5-pro-2025-10-06', 'gpt-5-pro'],
  ['gpt-5-mini', 'gpt-5-mini'],
  ['gpt-4-32k-0613', 'gpt-4-32k'],
  ['gpt-4-0613', 'gpt-4'],
  ['o1-pro-2025-03-19', 'o1-pro'],
  ['o3-mini', 'o3-mini'],
  ['o3-pro', 'o3-pro'],
  ['claude-opus-4-5-20251101', 'claude-opus-4-5'],
  ['claude-opus-4-1', 'claude-opus-4'],
  ['gemini-2.0-flash-lite-001', 'gemini-2.0-flash-lite'],
])('%s has the price of %s, whatever its family costs', (model, row) => {
  const prices = loadPrices(null)
  expect(prices[row]).toBeDefined()
  expect(priceOf(prices, model)).toBe(prices[row])
})

test('no built-in price is below 0 or dearer from the cache than fresh', () => {
  const odd = Object.entries(loadPrices(null)).filter(
    ([, { input, output, cached }]) => !(input > 0 && output > 0 && cached > 0 && cached <= input),
  )
  expect(odd).toEqual([])
})

test.each([
  ['no JSON', '{', /NEAM_PRICES: cannot read .*prices\.json/],
  ['a negative price', '{"m": {"input": -1, "output": 1}}', /m\.input/],
  ['a missing one', '{"m": {"input": 1}}', /m\.output/],
  ['a misspelt one', '{"m": {"input": 1, "output": 1, "inptu": 1}}', /m\.inptu/],
])('%s is refused with its place', (_what, content, message) => {
  expect(() => loadPrices(file(content))).toThrow(message)
})
