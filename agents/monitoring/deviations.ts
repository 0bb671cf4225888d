import { implementsMethod } from '../find-agent.ts'
import type { Measure } from '../ports/behaviour.ts'
import { MEASURES } from '../ports/behaviour.ts'
import type { World } from '../world.ts'
import { measureName } from './compare.ts'

/** A mean next to the baseline, as status and metrics show it. */
export interface ShownDeviation {
  readonly baseline: number
  readonly observed: number
  readonly samples: number
  /** ISO 8601; null = within the baseline. */
  readonly anomaly_since: string | null
}

/**
 * How the agents with a `baseline()` compare with it, by agent and by the names of the baseline; agents of which too
 * little is known yet are left out. Throws `storage_*` and `tree_missing`.
 */
export async function deviationsOf(
  world: World,
): Promise<Readonly<Record<string, Readonly<Record<string, ShownDeviation>>>>> {
  const monitored = world.program.module.manifest.agents.filter((agent) =>
    implementsMethod(world, agent, 'baseline'),
  )
  const found = await Promise.all(
    monitored.map(async ({ name }) => {
      const { deviations } = await world.behaviour.read(name)
      const shown = MEASURES.flatMap((measure: Measure) => {
        const deviation = deviations[measure]
        if (deviation === undefined) return []
        const { baseline, observed, samples, since } = deviation
        return [[measureName(measure), { baseline, observed, samples, anomaly_since: since }] as const]
      })
      return [name, Object.fromEntries(shown)] as const
    }),
  )
  return Object.fromEntries(found.filter(([, shown]) => Object.keys(shown).length > 0))
}
