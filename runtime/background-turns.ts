import { resumeTurn, untilFree } from '../agents/claw/resume.ts'
import { Slots } from '../agents/limits/slots.ts'
import type { TurnPlace, TurnWorker } from '../agents/ports/turn-worker.ts'
import type { World } from '../agents/world.ts'

/** Of a turn in the background. */
const LONGEST_TURN_MS = 15 * 60_000
/** Of the VM instances, so that turns that wait for each other leave some to requests. */
const SHARE = 0.5

export interface BackgroundTurns {
  /** Goes on with turns in a world. */
  in(world: () => World): TurnWorker
  /** Resolves when no turn is under way. */
  idle(): Promise<void>
  /** Cuts off the turns under way: they stay open, and go on where they are asked for again. */
  abort(): void
}

/**
 * Turns that go on in this process, beside the requests. Those of a session follow each other in the order in which they
 * came; each waits for a VM instance as a request does, and gives it back while turns elsewhere are in its way.
 */
export function backgroundTurns(instances: Slots): BackgroundTurns {
  const running = new Map<string, Promise<void>>()
  /** The last turn of each session. */
  const newest = new Map<string, Promise<void>>()
  const places = new Slots(Math.max(1, Math.floor(instances.limit * SHARE)))
  const stop = new AbortController()

  const attempt = async (world: World, place: TurnPlace) => {
    const leave = await places.take(stop.signal)
    try {
      const release = await instances.take(stop.signal)
      try {
        return await resumeTurn(world, place, {
          deadlineAt: world.clock.now() + LONGEST_TURN_MS,
          signal: stop.signal,
          requestId: null,
          holding: [],
        })
      } finally {
        release()
      }
    } finally {
      leave()
    }
  }

  const run = async (world: World, place: TurnPlace): Promise<void> => {
    try {
      await untilFree(world, world.clock.now() + LONGEST_TURN_MS, () => attempt(world, place))
    } catch (error) {
      // Its journal says how it ended, or that it is still open.
      world.output.warn(`turn ${place.turn} of ${place.agent} in the background`, error)
    }
  }

  return {
    in: (world) => ({
      async take(place) {
        if (running.has(place.turn) || stop.signal.aborted) return
        const session = JSON.stringify([place.agent, place.key])
        const before = newest.get(session) ?? Promise.resolve()
        const turn = before
          .then(() => run(world(), place))
          .finally(() => {
            running.delete(place.turn)
            if (newest.get(session) === turn) newest.delete(session)
          })
        running.set(place.turn, turn)
        newest.set(session, turn)
      },
    }),
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
    abort: () => stop.abort(),
  }
}
