import type { BudgetDecl } from '../../bytecode/manifest.ts'

export interface BudgetPeriod {
  /** Part of a path: `2026-11-21T09`, `2026-11-21`, `2026-11-16-week`, `2026-11`, `always`. */
  readonly name: string
  /** Milliseconds; null = never. */
  readonly resetsAt: number | null
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The period a moment lies in. Boundaries are UTC; weeks begin on Monday. */
export function periodOf(reset: BudgetDecl['reset'], nowMs: number): BudgetPeriod {
  const iso = (ms: number): string => new Date(ms).toISOString()
  switch (reset) {
    case 'hourly': {
      const start = Math.floor(nowMs / HOUR) * HOUR
      return { name: iso(start).slice(0, 13), resetsAt: start + HOUR }
    }
    case 'daily': {
      const start = Math.floor(nowMs / DAY) * DAY
      return { name: iso(start).slice(0, 10), resetsAt: start + DAY }
    }
    case 'weekly': {
      // 1970-01-05 was a Monday.
      const start = Math.floor((nowMs - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY
      return { name: `${iso(start).slice(0, 10)}-week`, resetsAt: start + 7 * DAY }
    }
    case 'monthly': {
      const now = new Date(nowMs)
      const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)
      return { name: iso(nowMs).slice(0, 7), resetsAt: next }
    }
    case 'never':
      return { name: 'always', resetsAt: null }
  }
}
