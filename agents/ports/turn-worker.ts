import type { SessionRef } from './sessions.ts'

/** An accepted turn of a claw agent. */
export interface TurnPlace extends SessionRef {
  /** Turn id. */
  readonly turn: string
}

/** Goes on with turns that nobody waits for any more (design 5): in the background locally, in a function of its own on Lambda. */
export interface TurnWorker {
  /**
   * Sees to it that the turn goes on. The same turn again is harmless. `isLeft`: it was found without a worker, where the one
   * that was asked for a moment ago may still be starting. Throws `service_unavailable`.
   */
  take(place: TurnPlace, options?: { readonly isLeft?: boolean }): Promise<void>
}
