import type { BudgetDecl } from '../../bytecode/manifest.ts'
import { isoTime } from '../iso-time.ts'
import { Fault } from '../ports/fault.ts'
import type { Spend } from '../ports/limits.ts'
import type { CallEstimate } from '../turn/gate.ts'
import { costOf, type Price } from '../turn/prices.ts'

/** Output without which a call is not worth making (design 9.15). */
const LEAST_OUTPUT = 256
/** Output limit that every model accepts; sent when a budget must be kept and the caller named none. */
const USUAL_OUTPUT = 4096

/** A budget as it stands. */
export interface BudgetState {
  readonly budget: BudgetDecl
  /** Spent and reserved in the current period. */
  readonly used: Spend
  readonly nowMs: number
  /** When the period ends, null = never. */
  readonly resetsAt: number | null
}

/** What a budget leaves for one call. */
export interface Allowance {
  readonly maxOutputTokens: number
  /** The call's worst case, to be reserved. */
  readonly worst: Spend
  /** The remainder does not pay for all the output that was asked for. */
  readonly isCut: boolean
}

/**
 * Cuts a call to what the remainder pays for. `price` null = not known, which no budget with a cost limit may have.
 * Throws `budget_exhausted` when the input and 256 tokens of output do not fit.
 */
export function allowance(state: BudgetState, price: Price | null, estimate: CallEstimate): Allowance {
  assertRemaining(state)
  const byTokens = outputByTokens(state, estimate)
  const byCost = outputByCost(state, price, estimate)
  const wanted = estimate.maxOutputTokens ?? USUAL_OUTPUT
  const output = Math.min(wanted, byTokens, byCost)
  if (output < Math.min(LEAST_OUTPUT, estimate.maxOutputTokens ?? LEAST_OUTPUT)) {
    throw exhausted(state, byTokens <= byCost ? 'tokens' : 'cost_usd')
  }
  return {
    maxOutputTokens: output,
    worst: { apiCalls: 1, tokens: estimate.inputTokens + output, cost: callCost(price, estimate, output) },
    isCut: output < wanted,
  }
}

/** Throws `budget_exhausted` when a limit of the budget is reached. */
export function assertRemaining(state: BudgetState): void {
  for (const resource of RESOURCES) {
    const limit = limitOf(state.budget, resource)
    if (limit !== null && usedOf(state.used, resource) >= limit) throw exhausted(state, resource)
  }
}

type Resource = 'api_calls' | 'tokens' | 'cost_usd'
const RESOURCES: readonly Resource[] = ['api_calls', 'tokens', 'cost_usd']

const limitOf = (budget: BudgetDecl, resource: Resource): number | null =>
  ({ api_calls: budget.apiCalls, tokens: budget.tokens, cost_usd: budget.costUsd })[resource]

const usedOf = (used: Spend, resource: Resource): number =>
  ({ api_calls: used.apiCalls, tokens: used.tokens, cost_usd: used.cost })[resource]

const callCost = (price: Price | null, { inputTokens }: CallEstimate, outputTokens: number): number =>
  price === null ? 0 : costOf(price, { inputTokens, outputTokens, cachedTokens: 0, estimated: true })

const outputByTokens = ({ budget, used }: BudgetState, { inputTokens }: CallEstimate): number =>
  budget.tokens === null ? Infinity : budget.tokens - used.tokens - inputTokens

function outputByCost({ budget, used }: BudgetState, price: Price | null, estimate: CallEstimate): number {
  if (budget.costUsd === null || price === null) return Infinity
  const left = budget.costUsd - used.cost - callCost(price, estimate, 0)
  if (price.output === 0) return left < 0 ? 0 : Infinity
  return Math.floor((left * 1e6) / price.output)
}

function exhausted({ budget, used, nowMs, resetsAt }: BudgetState, resource: Resource): Fault {
  return new Fault(
    'budget_exhausted',
    {
      budget: budget.name,
      resource,
      used: usedOf(used, resource),
      limit: limitOf(budget, resource),
      resets_at: resetsAt === null ? null : isoTime(resetsAt),
    },
    resetsAt === null ? {} : { retryAfterMs: resetsAt - nowMs },
  )
}
