import type { SessionRef } from '../ports/sessions.ts'
import type { World } from '../world.ts'

/** After a failed compaction, a session's turns do without another attempt for this long. */
const PAUSE_MS = 5 * 60_000

/**
 * Sessions whose automatic compaction has failed in this process: without a pause every turn would pay for another
 * failing model call (reliability 2.6).
 */
class CompactionPauses {
  /** End of the pause in milliseconds, by session. */
  readonly #until = new Map<string, number>()

  begin(ref: SessionRef, nowMs: number): void {
    for (const [session, until] of this.#until) if (until <= nowMs) this.#until.delete(session)
    this.#until.set(nameOf(ref), nowMs + PAUSE_MS)
  }

  isOn(ref: SessionRef, nowMs: number): boolean {
    return nowMs < (this.#until.get(nameOf(ref)) ?? 0)
  }
}

const nameOf = ({ agent, key }: SessionRef): string => `${agent}/${key}`

const pauses = new WeakMap<World, CompactionPauses>()

/** The pauses of a world: they live as long as it does. */
export function compactionPauses(world: World): CompactionPauses {
  let found = pauses.get(world)
  if (!found) {
    found = new CompactionPauses()
    pauses.set(world, found)
  }
  return found
}
