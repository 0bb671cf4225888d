import { describe, expect, test } from '@jest/globals'
import { allowance, assertRemaining, type BudgetState } from '../../agents/limits/allowance.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Spend } from '../../agents/ports/limits.ts'
import type { BudgetDecl } from '../../bytecode/manifest.ts'

const PRICE = { input: 1, output: 10, cached: 0.5 }
const NOTHING: Spend = { apiCalls: 0, tokens: 0, cost: 0 }
const state = (budget: Partial<BudgetDecl>, used: Partial<Spend> = {}): BudgetState => ({
  budget: { name: 'b', apiCalls: null, tokens: null, costUsd: null, reset: 'daily', ...budget },
  used: { ...NOTHING, ...used },
  nowMs: 1000,
  resetsAt: 61_000,
})
const estimate = (inputTokens: number, maxOutputTokens: number | null = null) => ({
  inputTokens,
  maxOutputTokens,
})

const fault = (work: () => unknown): Fault => {
  try {
    work()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('what a budget leaves for a call', () => {
  test('is the usual output while there is room', () => {
    expect(allowance(state({ tokens: 100_000 }), null, estimate(500))).toEqual({
      maxOutputTokens: 4096,
      worst: { apiCalls: 1, tokens: 4596, cost: 0 },
      isCut: false,
    })
  })

  test('is cut to the tokens that remain', () => {
    expect(allowance(state({ tokens: 2000 }, { tokens: 500 }), null, estimate(1000)).maxOutputTokens).toBe(
      500,
    )
  })

  test('is cut to what the money that remains pays for', () => {
    const { maxOutputTokens, worst } = allowance(state({ costUsd: 0.0110001 }), PRICE, estimate(1000))
    expect(maxOutputTokens).toBe(1000)
    expect(worst.cost).toBeLessThanOrEqual(0.0110001)
  })

  test('is no more than the caller wishes', () => {
    expect(allowance(state({ tokens: 100_000 }), null, estimate(10, 300)).maxOutputTokens).toBe(300)
    expect(allowance(state({ tokens: 100_000 }), null, estimate(10, 50)).maxOutputTokens).toBe(50)
  })

  test('is refused when the input and 256 tokens of output do not fit', () => {
    const tokens = fault(() => allowance(state({ tokens: 1200 }), null, estimate(1000)))
    expect(tokens.code).toBe('budget_exhausted')
    expect(tokens.data).toMatchObject({ budget: 'b', resource: 'tokens', used: 0, limit: 1200 })
    const cost = fault(() => allowance(state({ costUsd: 0.003 }), PRICE, estimate(1000)))
    expect(cost.data).toMatchObject({ resource: 'cost_usd', limit: 0.003 })
  })

  test('costs nothing with a free model, but the input must still be payable with a priced one', () => {
    const free = { input: 0, output: 0, cached: 0 }
    expect(allowance(state({ costUsd: 0.0001 }), free, estimate(1e6)).maxOutputTokens).toBe(4096)
    const inputOnly = { input: 10, output: 0, cached: 0 }
    expect(fault(() => allowance(state({ costUsd: 0.1 }), inputOnly, estimate(1e6))).code).toBe(
      'budget_exhausted',
    )
  })
})

describe('a budget that is used up', () => {
  const cases: readonly (readonly [Partial<BudgetDecl>, Partial<Spend>, string])[] = [
    [{ apiCalls: 3 }, { apiCalls: 3 }, 'api_calls'],
    [{ tokens: 10 }, { tokens: 12 }, 'tokens'],
    [{ costUsd: 1 }, { cost: 1 }, 'cost_usd'],
  ]
  test.each(cases)('says which limit was reached and when it ends: %j', (budget, used, resource) => {
    const found = fault(() => assertRemaining(state(budget, used)))
    expect(found.data).toMatchObject({ resource, resets_at: '1970-01-01T00:01:01.000Z' })
    expect(found.retryAfterMs).toBe(60_000)
  })

  test('never resets when it says so', () => {
    const found = fault(() => assertRemaining({ ...state({ tokens: 1 }, { tokens: 1 }), resetsAt: null }))
    expect(found.data.resets_at).toBeNull()
    expect(found.retryAfterMs).toBeNull()
  })
})
