import type { Spend } from '../../agents/ports/limits.ts'

export const NOTHING: Spend = { apiCalls: 0, tokens: 0, cost: 0 }

export const addSpend = (a: Spend, b: Spend): Spend => ({
  apiCalls: a.apiCalls + b.apiCalls,
  tokens: a.tokens + b.tokens,
  cost: a.cost + b.cost,
})

export const sumSpend = (spends: Iterable<Spend>): Spend => [...spends].reduce(addSpend, NOTHING)
