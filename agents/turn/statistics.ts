import type { Usage } from '../ports/model.ts'
import type { World } from '../world.ts'
import { totalTokens } from './usage.ts'

/** What an agent has used, as `.usage()` shows it. */
export interface AgentUsage {
  /** Model calls. */
  readonly calls: number
  readonly tokens: number
  /** USD. */
  readonly cost: number
}

interface Counts {
  calls: number
  tokens: number
  cost: number
  turns: number
  latencyMs: number
  readonly toolCalls: Map<string, number>
}

/** Counts of one process since it began: what `self.avg_latency_ms()` and its like tell (chapter 24.10). */
export class Statistics {
  readonly #agents = new Map<string, Counts>()

  modelCalled(agent: string, usage: Usage, cost: number): void {
    const counts = this.#of(agent)
    counts.calls += 1
    counts.tokens += totalTokens(usage)
    counts.cost += cost
  }

  toolCalled(agent: string, skill: string): void {
    const { toolCalls } = this.#of(agent)
    toolCalls.set(skill, (toolCalls.get(skill) ?? 0) + 1)
  }

  answered(agent: string, latencyMs: number): void {
    const counts = this.#of(agent)
    counts.turns += 1
    counts.latencyMs += latencyMs
  }

  usage(agent: string): AgentUsage {
    const { calls, tokens, cost } = this.#of(agent)
    return { calls, tokens, cost }
  }

  /** Answers. */
  turns(agent: string): number {
    return this.#of(agent).turns
  }

  toolCalls(agent: string, skill: string): number {
    return this.#of(agent).toolCalls.get(skill) ?? 0
  }

  /** 0 before the first answer. */
  averageLatencyMs(agent: string): number {
    const { turns, latencyMs } = this.#of(agent)
    return turns === 0 ? 0 : latencyMs / turns
  }

  #of(agent: string): Counts {
    let counts = this.#agents.get(agent)
    if (!counts) {
      counts = { calls: 0, tokens: 0, cost: 0, turns: 0, latencyMs: 0, toolCalls: new Map() }
      this.#agents.set(agent, counts)
    }
    return counts
  }
}

const statistics = new WeakMap<World, Statistics>()

/** A world that takes the place of another goes on with its counts. */
export const inheritStatistics = (from: World, to: World): void => {
  statistics.set(to, statisticsOf(from))
}

/** The counts of a world: they live as long as it does. */
export function statisticsOf(world: World): Statistics {
  let found = statistics.get(world)
  if (!found) {
    found = new Statistics()
    statistics.set(world, found)
  }
  return found
}
