import { resumeTurn } from '../agents/claw/resume.ts'
import type { Slots } from '../agents/limits/slots.ts'
import type { TurnPlace, TurnWorker } from '../agents/ports/turn-worker.ts'
import type { World } from '../agents/world.ts'

/** Of a turn in the background. */
const LONGEST_TURN_MS = 15 * 60_000

export interface BackgroundTurns {
  /** Goes on with turns in a world. */
  in(world: () => World): TurnWorker
  /** Resolves when no turn is under way. */
  idle(): Promise<void>
  /** Cuts off the turns under way: they stay open, and go on where they are asked for again. */
  abort(): void
}

/** Turns that go on in this process, beside the requests; each waits for a VM instance as a request does. */
export function backgroundTurns(instances: Slots): BackgroundTurns {
  const running = new Map<string, Promise<void>>()
  const stop = new AbortController()

  const run = async (world: World, place: TurnPlace): Promise<void> => {
    const { clock, output } = world
    let release = () => {}
    try {
      release = await instances.take(stop.signal)
      await resumeTurn(world, place, {
        deadlineAt: clock.now() + LONGEST_TURN_MS,
        signal: stop.signal,
        requestId: null,
        holding: [],
      })
    } catch (error) {
      // Its journal says how it ended, or that it is still open.
      output.warn(`turn ${place.turn} of ${place.agent} in the background`, error)
    } finally {
      release()
    }
  }

  return {
    in: (world) => ({
      async take(place) {
        if (running.has(place.turn) || stop.signal.aborted) return
        const turn = run(world(), place).finally(() => running.delete(place.turn))
        running.set(place.turn, turn)
      },
    }),
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
    abort: () => stop.abort(),
  }
}
