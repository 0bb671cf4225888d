/** Newest turns that a compaction leaves as they are (`keep_recent`, chapter 24.5). */
const KEEP_RECENT = 20

/**
 * How many of the oldest of `turns` turns a compaction summarizes: two thirds of them, never one of those kept. Where
 * `max_history_turns` is below 30, a third of it is kept instead of 20, so that there is something to summarize
 * (design 3.1). 0 = nothing to do.
 */
export function compactableTurns(turns: number, maxHistoryTurns: number): number {
  const keep = maxHistoryTurns < 30 ? Math.ceil(maxHistoryTurns / 3) : KEEP_RECENT
  return Math.max(0, Math.min(Math.floor((2 * turns) / 3), turns - keep))
}
