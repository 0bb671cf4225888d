export interface Told {
  readonly signal: NodeJS.Signals
  /** Resolves at the next signal: whoever sends two is in a hurry. */
  readonly again: Promise<void>
}

/** Resolves at the first of these signals; from the call on, none of them ends the process by itself. */
export function untilTold(signals: readonly NodeJS.Signals[]): Promise<Told> {
  return new Promise((resolve) => {
    let repeat: (() => void) | null = null
    const again = new Promise<void>((next) => {
      repeat = next
    })
    let first = true
    for (const signal of signals) {
      process.on(signal, () => {
        if (first) resolve({ signal, again })
        else repeat?.()
        first = false
      })
    }
  })
}
