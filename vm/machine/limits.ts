/** What one activation may use. */
export interface Limits {
  /** Steps: one a call, one a turn of a loop, more for natives that walk through long texts and lists. */
  readonly fuel: number
  /** Milliseconds on `host.now()`'s clock; null = none. */
  readonly deadlineAt: number | null
  /** Calls within calls. */
  readonly maxDepth: number
  /** UTF-16 units of one string. */
  readonly maxTextLength: number
  /** Elements of one list, map or tuple. */
  readonly maxItems: number
}

export const DEFAULT_LIMITS: Limits = {
  fuel: 1_000_000_000,
  deadlineAt: null,
  maxDepth: 1000,
  maxTextLength: 2 ** 24,
  maxItems: 2 ** 22,
}
