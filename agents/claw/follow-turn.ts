import type { TurnPlace } from '../ports/turn-worker.ts'
import type { World } from '../world.ts'
import { type TurnEvent, type TurnSoFar, turnSoFar } from './turn-events.ts'
import { type FeedItem, turnFeedsOf } from './turn-feeds.ts'

export type FollowedEvent =
  | TurnEvent
  /** A part of what the model is writing; `message.done` will have it, too. */
  | { readonly kind: 'message.delta'; readonly text: string }
  /** The parts since the last event with an id do not count. */
  | { readonly kind: 'message.reset' }
  /** Nothing happens. */
  | { readonly kind: 'idle' }

/** A turn that another process works on is looked at so often. */
const POLL_MS = 1000

export interface Following {
  /** Id of the last event that is known; 0 = none. */
  readonly after: number
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Whoever follows a turn, from now on: made before the turn begins, it misses nothing of it. */
export class TurnFollower {
  readonly #world: World
  readonly #place: TurnPlace
  readonly #inbox: Inbox
  /** Ends it. */
  readonly leave: () => void

  constructor(world: World, place: TurnPlace) {
    this.#world = world
    this.#place = place
    this.#inbox = new Inbox(world)
    this.leave = turnFeedsOf(world).follow(place.turn, (item) => this.#inbox.put(item))
  }

  /**
   * What happens in the turn, while it happens: first all that is known of it, each event once. Ends with the turn, and
   * when it waits for a person. A turn that was left lying is taken up. Throws what `turnSoFar` throws.
   */
  async *events({ after, signal }: Following): AsyncGenerator<FollowedEvent> {
    let last = after
    // Whoever comes back may have parts of a text that is given from its beginning now.
    if (after > 0 && this.#inbox.isWriting()) yield { kind: 'message.reset' }
    while (!signal.aborted) {
      const soFar = await turnSoFar(this.#world, this.#place)
      for (const event of soFar.events) {
        if (event.id <= last) continue
        last = event.id
        yield event
      }
      if (soFar.state.kind !== 'running') return
      if (soFar.state.isLeft) await this.#world.turnWorker.take(this.#place, { isLeft: true })
      yield* textUntilNews(this.#inbox, soFar, signal)
    }
  }
}

/** What the model writes, until the journal may have something new. */
async function* textUntilNews(
  inbox: Inbox,
  { steps, isGuarded }: TurnSoFar,
  signal: AbortSignal,
): AsyncGenerator<FollowedEvent> {
  for (;;) {
    const item = await inbox.next(signal)
    if (item === null) return yield { kind: 'idle' }
    if (item.kind === 'journal') return
    // Parts of an answer that is finished: the journal has given it whole.
    if (isGuarded || item.step < steps) continue
    yield item.kind === 'reset' ? { kind: 'message.reset' } : { kind: 'message.delta', text: item.text }
  }
}

/** What was told and not taken yet, in order. */
class Inbox {
  readonly #world: World
  readonly #items: FeedItem[] = []
  #wake: (() => void) | null = null

  constructor(world: World) {
    this.#world = world
  }

  put(item: FeedItem): void {
    this.#items.push(item)
    this.#wake?.()
  }

  isWriting(): boolean {
    return this.#items.length > 0
  }

  /** Null: nothing came for a while. */
  async next(signal: AbortSignal): Promise<FeedItem | null> {
    if (this.#items.length === 0 && !signal.aborted) await this.#arrival(signal)
    return this.#items.shift() ?? null
  }

  async #arrival(signal: AbortSignal): Promise<void> {
    const arrived = new AbortController()
    this.#wake = () => arrived.abort()
    try {
      await this.#world.timers.sleep(POLL_MS, AbortSignal.any([signal, arrived.signal]))
    } catch (error) {
      if (!arrived.signal.aborted && !signal.aborted) throw error
    } finally {
      this.#wake = null
    }
  }
}
