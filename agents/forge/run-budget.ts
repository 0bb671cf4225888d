import type { BudgetDecl } from '../../bytecode/manifest.ts'
import { reserveCall } from '../limits/budget.ts'
import type { RunConfig, RunTally } from '../ports/runs.ts'
import type { CallEstimate, CallLeave } from '../turn/gate.ts'
import type { Price } from '../turn/prices.ts'
import type { World } from '../world.ts'

/**
 * The limits of a run as a budget of its own: each call's worst case is reserved in the ledger before it is made, so
 * that max_cost and max_tokens hold through crashes and duplicate deliveries (design 3.7).
 */
const runBudget = (config: RunConfig): BudgetDecl => ({
  name: `forge-run-${config.run}`,
  apiCalls: null,
  tokens: config.maxTokens,
  costUsd: config.maxCost,
  reset: 'never',
})

/** Output limit that every model accepts. */
const USUAL_OUTPUT = 4096
/** Whole files are written in one answer, but a reservation of this much is enough for each of them. */
const MOST_OUTPUT = 16_384

/** Output tokens that a call of a run may ask for. */
export const outputLimit = (price: Price): number =>
  price.output === 0 ? MOST_OUTPUT : Math.min(price.maxOutput ?? USUAL_OUTPUT, MOST_OUTPUT)

/** Reserves a model call within the run's limits. Throws `budget_exhausted`. */
export async function reserveForRun(
  world: World,
  config: RunConfig,
  price: Price,
  estimate: CallEstimate,
): Promise<CallLeave> {
  return await reserveCall(world, runBudget(config), price, {
    inputTokens: estimate.inputTokens,
    maxOutputTokens: Math.min(estimate.maxOutputTokens ?? MOST_OUTPUT, outputLimit(price)),
  })
}

/**
 * What a run has used by its ledger: tries that crashed count as well, calls that were cut off with what was reserved
 * for them.
 */
export async function spentByRun(
  world: World,
  config: RunConfig,
): Promise<Pick<RunTally, 'cost' | 'tokens'>> {
  const { cost, tokens } = await world.budgets.used(runBudget(config), world.clock.now())
  return { cost, tokens }
}

/** The tally with what crashed tries have used on top: what the ledger has beyond the tally and `apart`. */
export function withCrashed(
  tally: RunTally,
  used: Pick<RunTally, 'cost' | 'tokens'>,
  apart: Pick<RunTally, 'cost' | 'tokens'> = { cost: 0, tokens: 0 },
): RunTally {
  const cost = used.cost - tally.cost - apart.cost
  const tokens = used.tokens - tally.tokens - apart.tokens
  return {
    ...tally,
    // The ledger adds in another order: what is off by less than this is the same sum.
    cost: cost > 1e-9 ? tally.cost + cost : tally.cost,
    tokens: tally.tokens + Math.max(0, tokens),
  }
}

/** Message of the outcome when a limit is reached, null while there is room (chapter 25.3, stage 2a). */
export async function limitReached(world: World, config: RunConfig): Promise<string | null> {
  const used = await world.budgets.used(runBudget(config), world.clock.now())
  if (used.cost >= config.maxCost) return `Budget exhausted: $${usd(used.cost)} of $${usd(config.maxCost)}`
  if (used.tokens >= config.maxTokens) {
    return `Budget exhausted: ${used.tokens} of ${config.maxTokens} tokens`
  }
  return null
}

const usd = (amount: number): string => String(Number(amount.toFixed(4)))
