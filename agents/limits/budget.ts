import type { AgentDecl, BudgetDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { Spend } from '../ports/limits.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { CallEstimate, CallLeave } from '../turn/gate.ts'
import { requirePrice } from '../turn/model-access.ts'
import type { Price } from '../turn/prices.ts'
import { totalTokens } from '../turn/usage.ts'
import type { World } from '../world.ts'
import { allowance, assertRemaining, type BudgetState } from './allowance.ts'

const budgetOf = (world: World, agent: AgentDecl): BudgetDecl | null =>
  world.program.module.manifest.budgets.find(({ name }) => name === agent.budget) ?? null

/** Throws `budget_exhausted` when the agent's budget is used up, and `price_unknown` when its cost cannot be told. */
export async function assertBudget(
  world: World,
  agent: AgentDecl,
  call: Pick<CallContext, 'requestId'>,
): Promise<void> {
  const budget = budgetOf(world, agent)
  if (budget === null) return
  await priceWithin(world, agent, budget)
  await audited(world, agent, call, async () => assertRemaining(await stateOf(world, budget)))
}

async function stateOf(world: World, budget: BudgetDecl): Promise<BudgetState> {
  const nowMs = world.clock.now()
  return stateWith(world, budget, await world.budgets.used(budget, nowMs), nowMs)
}

const stateWith = (world: World, budget: BudgetDecl, used: Spend, nowMs: number): BudgetState => ({
  budget,
  used,
  nowMs,
  resetsAt: world.budgets.resetsAt(budget, nowMs),
})

/**
 * Reserves a model call's worst case in a budget. Far from its limit one look at what all have spent is enough, the
 * one that follows the reservation (decision 007); else the call is cut to what is left. Throws `budget_exhausted`.
 */
export async function reserveCall(
  world: World,
  budget: BudgetDecl,
  price: Price | null,
  estimate: CallEstimate,
): Promise<CallLeave> {
  return (
    (await reserveUnlooked(world, budget, price, estimate)) ??
    (await reserve(world, await stateOf(world, budget), price, estimate))
  )
}

/** Null where the remainder has to be looked at: the limit may be near. */
async function reserveUnlooked(
  world: World,
  budget: BudgetDecl,
  price: Price | null,
  estimate: CallEstimate,
): Promise<CallLeave | null> {
  const nowMs = world.clock.now()
  const used = world.budgets.lastSeen(budget, nowMs)
  if (used === null) return null
  const state = stateWith(world, budget, used, nowMs)
  try {
    if (allowance(state, price, estimate).isCut) return null
    return await reserve(world, state, price, estimate)
  } catch (error) {
    if (error instanceof Fault && error.code === 'budget_exhausted') return null
    throw error
  }
}

async function reserve(
  world: World,
  state: BudgetState,
  price: Price | null,
  estimate: CallEstimate,
): Promise<CallLeave> {
  const { budget, nowMs } = state
  const { maxOutputTokens, worst } = allowance(state, price, estimate)
  const reservation = await world.budgets.reserve(budget, worst, nowMs)
  return {
    maxOutputTokens,
    settle: (usage, cost) => reservation.settle({ apiCalls: 1, tokens: totalTokens(usage), cost }),
  }
}

/** Reserves a call in the agent's own budget; without one it is free to go. */
export async function reserveForAgent(
  world: World,
  agent: AgentDecl,
  call: Pick<CallContext, 'requestId'>,
  estimate: CallEstimate,
): Promise<CallLeave> {
  const budget = budgetOf(world, agent)
  if (budget === null) return { maxOutputTokens: estimate.maxOutputTokens, settle: async () => {} }
  const price = await priceWithin(world, agent, budget)
  return await audited(world, agent, call, () => reserveCall(world, budget, price, estimate))
}

/** A cost limit can be kept only where the price is known. */
async function priceWithin(world: World, agent: AgentDecl, budget: BudgetDecl): Promise<Price | null> {
  return budget.costUsd === null
    ? null
    : await requirePrice(world, agent, `cost_usd of budget ${budget.name}`)
}

async function audited<T>(
  world: World,
  agent: AgentDecl,
  { requestId }: Pick<CallContext, 'requestId'>,
  check: () => Promise<T>,
): Promise<T> {
  try {
    return await check()
  } catch (error) {
    if (error instanceof Fault && error.code === 'budget_exhausted') {
      world.audit.record({ event: 'budget.exhausted', agent: agent.name, requestId, metadata: error.data })
    }
    throw error
  }
}
