import { Fault } from '../ports/fault.ts'
import type { Usage } from '../ports/model.ts'
import type { Gate } from '../turn/gate.ts'
import type { Price } from '../turn/prices.ts'
import { addUsage, NO_USAGE, totalTokens } from '../turn/usage.ts'
import { allowance, runBudget } from './allowance.ts'
import type { OpenRun } from './run-state.ts'

/** What an iteration has used so far; it counts even when the iteration does not come to its end. */
export interface Spent {
  cost: number
  usage: Usage
  modelCalls: number
}

export const nothingSpent = (): Spent => ({ cost: 0, usage: NO_USAGE, modelCalls: 0 })

/** An open reservation counts in full once it is this old: no model call lasts longer. */
const RESERVATION_MS = 15 * 60_000

/**
 * Asked before each model and tool call of an iteration: the fence and a forced stop first, then the run's own limits,
 * then whatever binds the agent elsewhere too (`inner`: kill switch, declared budget, policy).
 */
export function forgeGate(run: OpenRun, inner: Gate, price: Price | null, spent: Spent): Gate {
  const { world, config } = run
  const budget = runBudget(config)
  return {
    async beforeModel(estimate) {
      await assertUnstopped(run)
      const nowMs = world.clock.now()
      const own = allowance(config, await world.budgets.used(budget, nowMs), price, estimate)
      const reservation = await world.budgets.reserve(budget, own.worst, {
        nowMs,
        deadlineAt: nowMs + RESERVATION_MS,
      })
      const allowed = await inner
        .beforeModel({ ...estimate, maxOutputTokens: own.maxOutputTokens })
        .catch(async (refusal: unknown) => {
          await reservation.settle({ apiCalls: 0, tokens: 0, cost: 0 })
          throw refusal
        })
      return {
        maxOutputTokens: allowed.maxOutputTokens,
        async settle(usage, cost) {
          spent.cost += cost
          spent.modelCalls += 1
          spent.usage = addUsage(spent.usage, usage)
          await reservation.settle({ apiCalls: 1, tokens: totalTokens(usage), cost })
          await allowed.settle(usage, cost)
        },
      }
    },
    async beforeTool(skill, argumentsJson) {
      await assertUnstopped(run)
      return await inner.beforeTool(skill, argumentsJson)
    },
  }
}

/** Throws `run_fenced`, `stopped` (forced stops only: others wait for the iteration's end) or `agent_disabled`. */
export async function assertUnstopped({ world, config, decl }: OpenRun): Promise<void> {
  if (!(await world.runs.holds(config, config.epoch))) throw new Fault('run_fenced', { run: config.run })
  if ((await world.runs.stopRequest(config)) === 'force') throw new Fault('stopped')
  const { disabled, reason } = await world.killSwitch.state(decl.name)
  if (disabled) throw new Fault('agent_disabled', { agent: decl.name, reason })
}
