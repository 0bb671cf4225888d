import { agentGate, type PlaceOfCall } from '../limits/agent-gate.ts'
import { assertEnabled } from '../limits/kill-switch.ts'
import { Fault } from '../ports/fault.ts'
import type { Usage } from '../ports/model.ts'
import type { IterationWait, RunTally } from '../ports/runs.ts'
import { taintedIf } from '../ports/tainted.ts'
import type { Gate } from '../turn/gate.ts'
import { requirePrice } from '../turn/model-access.ts'
import { addUsage, NO_USAGE, totalTokens } from '../turn/usage.ts'
import { reserveForRun } from './run-budget.ts'
import type { OpenRun } from './run-state.ts'

/** What an iteration has used so far; it counts even when the iteration does not come to its end. */
export interface Spent {
  cost: number
  usage: Usage
  /** Text of strangers has come in. */
  tainted?: true
}

export const spentBefore = (wait: IterationWait | undefined): Spent => ({
  cost: wait?.cost ?? 0,
  usage: wait?.usage ?? NO_USAGE,
  ...taintedIf(wait?.tainted),
})

/** The counters of a run with what the iteration in hand has used so far. */
export const withSpent = (tally: RunTally, { cost, usage }: Spent): RunTally => ({
  ...tally,
  cost: tally.cost + cost,
  tokens: tally.tokens + totalTokens(usage),
})

/**
 * Asked before each model and tool call of an iteration: the fence and a forced stop first, then the run's own limits,
 * then what binds the agent everywhere (kill switch, declared budget, policy).
 */
export async function forgeGate(run: OpenRun, spent: Spent): Promise<Gate> {
  const { world, config, decl } = run
  const price = await requirePrice(world, decl, 'max_cost')
  const agent = agentGate(world, decl, { requestId: null }, placesOf(run))
  return {
    async beforeModel(estimate) {
      await assertUnstopped(run)
      const own = await reserveForRun(world, config, price, estimate)
      const declared = await agent
        .beforeModel({ ...estimate, maxOutputTokens: own.maxOutputTokens })
        .catch(async (refusal: unknown) => {
          await own.settle(NO_USAGE, 0)
          throw refusal
        })
      return {
        maxOutputTokens: declared.maxOutputTokens,
        async settle(usage, cost) {
          spent.cost += cost
          spent.usage = addUsage(spent.usage, usage)
          await own.settle(usage, cost)
          await declared.settle(usage, cost)
        },
      }
    },
    async beforeTool(skill, argumentsJson, step, taint) {
      await assertUnstopped(run)
      // What waits for a person now begins again from nothing else than what is recorded of it.
      if (taint.length > 0) spent.tainted = true
      return await agent.beforeTool(skill, argumentsJson, step, taint)
    },
  }
}

/** An approval holds for the iteration, however often its work is begun again; equal calls are told apart by number. */
function placesOf({ config: { agent, run }, iteration }: OpenRun): PlaceOfCall {
  const seen = new Map<string, number>()
  return (_step, call) => {
    const nth = seen.get(call) ?? 0
    seen.set(call, nth + 1)
    return { kind: 'run', agent, run, iteration, nth }
  }
}

/** Throws `run_fenced`, `stopped` (forced stops only: others wait for the iteration's end) or `agent_disabled`. */
export async function assertUnstopped({ world, config, decl }: OpenRun): Promise<void> {
  if (!(await world.runs.holds(config, config.epoch))) throw new Fault('run_fenced', { run: config.run })
  if ((await world.runs.stopRequest(config)) === 'force') throw new Fault('stopped')
  await assertEnabled(world, decl.name, null)
}
