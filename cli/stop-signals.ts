export interface Told {
  readonly signal: NodeJS.Signals
  /** Resolves at the next signal: whoever sends two is in a hurry. */
  readonly again: Promise<void>
}

/**
 * A SIGTERM to the whole group arrives twice: by itself, and forwarded by the launcher or by `npm start`. Within this
 * time the two are one.
 */
export const SAME_TERM_MS = 1000

/**
 * Resolves at the first of these signals; from the call on, none of them ends the process by itself.
 * @param now a clock in milliseconds that never goes back
 */
export function untilTold(
  signals: readonly NodeJS.Signals[],
  now: () => number = () => performance.now(),
): Promise<Told> {
  return new Promise((resolve) => {
    let repeat: (() => void) | null = null
    const again = new Promise<void>((next) => {
      repeat = next
    })
    let first: { readonly signal: NodeJS.Signals; readonly at: number } | null = null
    for (const signal of signals) {
      process.on(signal, () => {
        if (first === null) {
          first = { signal, at: now() }
          resolve({ signal, again })
          return
        }
        const isForwarded = signal === 'SIGTERM' && first.signal === signal && now() - first.at < SAME_TERM_MS
        if (!isForwarded) repeat?.()
      })
    }
  })
}
