/** State behind whatever may say no: budgets, kill switch, lanes. */
import type { BudgetDecl } from '../../bytecode/manifest.ts'

export interface Spend {
  readonly apiCalls: number
  readonly tokens: number
  /** USD. */
  readonly cost: number
}

export interface Reservation {
  /** The call is over: `actual` counts instead of the reservation. */
  settle(actual: Spend): Promise<void>
}

export interface BudgetStore {
  /** Spent and reserved in the budget's current period. */
  used(budget: BudgetDecl, nowMs: number): Promise<Spend>
  /**
   * The same as far as this process knows, without looking: others may have spent since. Null = it has not looked in
   * this period.
   */
  lastSeen(budget: BudgetDecl, nowMs: number): Spend | null
  /** When the budget's current period ends, in milliseconds since 1970; null = never. */
  resetsAt(budget: BudgetDecl, nowMs: number): number | null
  /**
   * Reserves a call's worst case before it is made; limits hold under concurrency and crashes (a reservation that is never
   * settled counts in full). Throws `budget_exhausted` with `resets_at`.
   */
  reserve(budget: BudgetDecl, worst: Spend, nowMs: number): Promise<Reservation>
}

export interface SwitchState {
  readonly disabled: boolean
  readonly reason: string | null
  readonly by: string | null
  readonly at: string | null
}

/** Unreadable counts as disabled (fail closed). */
export interface KillSwitch {
  /** Throws the Faults of the tree where there is none. */
  state(agent: string): Promise<SwitchState>
  /** `agent` "*" = all agents. */
  set(agent: string, state: SwitchState): Promise<void>
  /** Names of disabled agents, "*" for all. */
  disabled(): Promise<readonly string[]>
}

export interface LaneRequest {
  readonly agent: string
  readonly lane: string
  readonly concurrency: number
  readonly priority: 'low' | 'normal' | 'high'
  /** Slots of the agent over all its lanes (design 9.18); absent = no limit but the lanes' own. */
  readonly capacity?: number
  readonly waitMs: number
  /** In earlier tries, which count for its priority; 0 when left out. */
  readonly waitedMs?: number
}

export interface LaneStore {
  /** A slot of the lane, or null when none came free within `waitMs`. */
  enter(request: LaneRequest): Promise<{ leave(): Promise<void> } | null>
}
