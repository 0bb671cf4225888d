/** What makes two task texts the same task: case and wording, not white space. */
export const sameTask = (text: string): string => text.trim().replace(/\s+/g, ' ')

/** How often each task occurs, by `sameTask`. */
export type TaskCount = Map<string, number>

export function taskCounts(tasks: readonly string[]): TaskCount {
  const counts: TaskCount = new Map()
  for (const task of tasks) {
    const key = sameTask(task)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
