/** What is kept of an agent's behaviour, so that it can be compared with its `baseline()` (chapter 24.10). */

/** What is measured of an answer (tool calls, time, cost, tokens) or of a forge run (iterations, cost, tokens). */
export const MEASURES = ['tool_calls', 'response_time_ms', 'cost', 'tokens', 'iterations'] as const
export type Measure = (typeof MEASURES)[number]

/** One answer or one forge run. */
export interface BehaviourSample {
  /** Of the turn or the run: the same one counts once. */
  readonly id: string
  readonly values: Readonly<Partial<Record<Measure, number>>>
}

/** How a mean compares with the baseline. */
export interface Deviation {
  readonly baseline: number
  /** Mean over the samples. */
  readonly observed: number
  readonly samples: number
  /** ISO 8601; null = within the baseline. */
  readonly since: string | null
  /** When `on_anomaly` was last called for this anomaly, ISO 8601; null while there is none. */
  readonly toldAt: string | null
}

export interface Behaviour {
  /** Newest last. */
  readonly samples: readonly BehaviourSample[]
  /** Of the measures that `baseline()` names, once there are enough samples. */
  readonly deviations: Readonly<Partial<Record<Measure, Deviation>>>
}

export interface BehaviourStore {
  /** Throws `storage_*` and `tree_missing`. */
  read(agent: string): Promise<Behaviour>
  /**
   * Replaces what is kept by `change` of it, as if nobody else wrote meanwhile: `change` is called again when somebody
   * did, and must be pure. Returns what was kept before and after.
   */
  update(
    agent: string,
    change: (before: Behaviour) => Behaviour,
  ): Promise<{ readonly before: Behaviour; readonly after: Behaviour }>
}
