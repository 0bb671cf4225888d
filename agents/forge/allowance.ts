import type { BudgetDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { Spend } from '../ports/limits.ts'
import type { RunConfig } from '../ports/runs.ts'
import { costOf, type Price } from '../turn/prices.ts'

/**
 * The limits of a run as a budget of its own: each call's worst case is reserved in the ledger before it is made, so
 * that max_cost and max_tokens hold through crashes and duplicate deliveries (design 3.7).
 */
export const runBudget = (config: RunConfig): BudgetDecl => ({
  name: `forge-run-${config.run}`,
  apiCalls: null,
  tokens: config.maxTokens,
  costUsd: config.maxCost,
  reset: 'never',
})

/** Output a call is refused below (design 9.15). */
const LEAST_OUTPUT = 256
/** Output limit that every model accepts. */
const SAFE_OUTPUT = 4096
/** What a call without an output limit is taken to write at most. */
const WORST_OUTPUT = 16_384

export interface Allowance {
  /** To be sent to the model; null = the vendor's own limit. */
  readonly maxOutputTokens: number | null
  /** To be reserved. */
  readonly worst: Spend
}

/**
 * What the remainder of the run's limits pays for. `price` null = the model costs nothing. Throws `budget_exhausted`
 * when the input and 256 tokens of output do not fit.
 */
export function allowance(
  config: RunConfig,
  used: Spend,
  price: Price | null,
  estimate: { readonly inputTokens: number; readonly maxOutputTokens: number | null },
): Allowance {
  const costOfCall = (outputTokens: number) =>
    price === null
      ? 0
      : costOf(price, { inputTokens: estimate.inputTokens, outputTokens, cachedTokens: 0, estimated: true })
  const byTokens = config.maxTokens - used.tokens - estimate.inputTokens
  const perToken = price === null ? 0 : price.output / 1e6
  const byCost =
    perToken === 0 ? Infinity : Math.floor((config.maxCost - used.cost - costOfCall(0)) / perToken)
  if (byTokens < LEAST_OUTPUT) throw exhausted('max_tokens', 'tokens', used.tokens, config.maxTokens)
  if (byCost < LEAST_OUTPUT || used.cost + costOfCall(0) > config.maxCost) {
    throw exhausted('max_cost', 'cost_usd', used.cost, config.maxCost)
  }
  const affordable = Math.min(byTokens, byCost, estimate.maxOutputTokens ?? Infinity)
  const maxOutputTokens =
    affordable >= WORST_OUTPUT && estimate.maxOutputTokens === null
      ? null
      : Math.min(affordable, estimate.maxOutputTokens ?? SAFE_OUTPUT)
  const output = maxOutputTokens ?? WORST_OUTPUT
  return {
    maxOutputTokens,
    worst: { apiCalls: 1, tokens: estimate.inputTokens + output, cost: costOfCall(output) },
  }
}

const exhausted = (budget: string, resource: string, used: number, limit: number): Fault =>
  new Fault('budget_exhausted', { budget, resource, used, limit })

/** The limit that is reached, as the message of the outcome; null while there is room (chapter 25.3, stage 2a). */
export function limitReached(config: RunConfig, spent: { cost: number; tokens: number }): string | null {
  if (spent.cost >= config.maxCost) return `Budget exhausted: $${usd(spent.cost)} of $${usd(config.maxCost)}`
  if (spent.tokens >= config.maxTokens) {
    return `Budget exhausted: ${spent.tokens} of ${config.maxTokens} tokens`
  }
  return null
}

export const usd = (amount: number): string => String(Number(amount.toFixed(4)))
