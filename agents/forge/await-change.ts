import type { RunHead } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { type ForgeStatus, forgeStatus } from './status.ts'

const LOOK_EVERY_MS = 500

/**
 * The status as soon as the newest run gets on: an iteration begins, ends or waits for a person, a stop is asked for, the
 * run ends. At once when no run is live; at the latest at `until` (ms), or when `signal` aborts. Throws
 * `agent_not_found`.
 */
export async function statusAfterChange(
  world: World,
  agent: string,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
): Promise<ForgeStatus> {
  const before = await world.runs.head(agent)
  const status = await forgeStatus(world, agent)
  if (!status.running) return status
  while (!signal.aborted && world.clock.now() < until) {
    try {
      await world.timers.sleep(Math.min(LOOK_EVERY_MS, until - world.clock.now()), signal)
    } catch {
      break // The process is shutting down: the caller asks the next one.
    }
    if (progressOf(await world.runs.head(agent)) !== progressOf(before)) break
  }
  return await forgeStatus(world, agent)
}

const progressOf = (head: RunHead | null): string =>
  JSON.stringify([head?.run, head?.iteration, head?.tally, head?.stopping, head?.waiting, head?.outcome])
