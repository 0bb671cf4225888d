import { toJson } from '../vm/values/json.ts'
import { RuntimeError } from '../vm/values/runtime-error.ts'
import { faultText } from './ports/fault.ts'
import { asFault } from './turn/as-fault.ts'
import { openScene } from './turn/scene.ts'
import type { World } from './world.ts'

/** What `impl Monitorable` may give an agent (chapters 24.10 and 28.10), by the name that status shows it under. */
const METHODS = { health: 'health_check', metrics: 'metrics', baseline: 'baseline' } as const

/** Time for the methods of one agent. */
const TIME_LIMIT_MS = 5000

/** JSON values; a method that failed is `{error}`, one that the program does not implement is left out. */
export type Monitoring = Readonly<Partial<Record<keyof typeof METHODS | 'error', unknown>>>

export interface MonitorOptions {
  readonly signal: AbortSignal
  readonly requestId: string | null
  /** Milliseconds since 1970. */
  readonly deadlineAt: number
}

/**
 * Calls the Monitorable methods of every agent, by agent. Never throws for what the program does: one agent's failure
 * must not hide the others. `{error}` alone = the program could not even be loaded for the agent.
 */
export async function monitor(
  world: World,
  options: MonitorOptions,
): Promise<Readonly<Record<string, Monitoring>>> {
  const { agents } = world.program.module.manifest
  const found = await Promise.all(
    agents.map(async (agent) => {
      const deadlineAt = Math.min(options.deadlineAt, world.clock.now() + TIME_LIMIT_MS)
      const scene = { ...options, agent, deadlineAt, depth: 0, workspace: null }
      const shown = await orError(options.signal, async () => {
        const { activation } = await openScene(world, scene)
        const values: Partial<Record<keyof typeof METHODS, unknown>> = {}
        for (const [name, method] of Object.entries(METHODS) as [keyof typeof METHODS, string][]) {
          if (!activation.hasMethod(agent.name, method)) continue
          values[name] = await orError(options.signal, async () =>
            toJson(await activation.callMethod(agent.name, method, [])),
          )
        }
        return values
      })
      return [agent.name, shown] as const
    }),
  )
  return Object.fromEntries(found)
}

async function orError<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await work()
  } catch (error) {
    return { error: error instanceof RuntimeError ? error.message : faultText(asFault(error, signal)) }
  }
}
