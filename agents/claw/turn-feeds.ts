import type { TextListener } from '../ports/model.ts'
import type { World } from '../world.ts'

/** What the followers of a turn are told beside its journal. `step`: number of the model call among the turn's steps. */
export type FeedItem =
  | { readonly kind: 'delta'; readonly step: number; readonly text: string }
  /** The text of the step so far does not count: the call failed, or is made again. */
  | { readonly kind: 'reset'; readonly step: number }
  /** Something new may be in the journal. */
  | { readonly kind: 'journal' }

/** The turns that this process works on while somebody follows them. Nothing here is needed: the journal tells the same later. */
export class TurnFeeds {
  readonly #followers = new Map<string, Set<(item: FeedItem) => void>>()
  /** Text of the answer that is being written, by turn. */
  readonly #writing = new Map<string, { readonly step: number; readonly text: string }>()

  /** Calls `onItem` for what happens from now on, and at once for the text so far. Returns how to end that. */
  follow(turn: string, onItem: (item: FeedItem) => void): () => void {
    const followers = this.#followers.get(turn) ?? new Set()
    this.#followers.set(turn, followers.add(onItem))
    const writing = this.#writing.get(turn)
    if (writing) onItem({ kind: 'delta', ...writing })
    return () => {
      followers.delete(onItem)
      if (followers.size === 0 && this.#followers.get(turn) === followers) this.#followers.delete(turn)
    }
  }

  /** Who listens to a model call; null = nobody. */
  listener(turn: string, step: number): TextListener | null {
    this.#writing.delete(turn)
    if (!this.#followers.has(turn)) return null
    return {
      delta: (text) => {
        this.#writing.set(turn, { step, text: (this.#writing.get(turn)?.text ?? '') + text })
        this.#tell(turn, { kind: 'delta', step, text })
      },
      reset: () => {
        this.#writing.delete(turn)
        this.#tell(turn, { kind: 'reset', step })
      },
    }
  }

  /** A step of the turn is in its journal. */
  recorded(turn: string): void {
    this.#writing.delete(turn)
    this.changed(turn)
  }

  /** There may be something new in the journal of the turn. */
  changed(turn: string): void {
    this.#tell(turn, { kind: 'journal' })
  }

  #tell(turn: string, item: FeedItem): void {
    for (const tell of this.#followers.get(turn) ?? []) tell(item)
  }
}

const byWorld = new WeakMap<World, TurnFeeds>()

export function turnFeedsOf(world: World): TurnFeeds {
  const feeds = byWorld.get(world) ?? new TurnFeeds()
  byWorld.set(world, feeds)
  return feeds
}
