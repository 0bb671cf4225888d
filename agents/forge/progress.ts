import { jsonLine, jsonLines } from './json-line.ts'

/** A line of the progress file (chapter 25.6): a task that is done. */
export interface ProgressEntry {
  readonly task: string
  /** The run that wrote it, null for other writers. */
  readonly run: string | null
  /** 0 when the line does not say. */
  readonly iteration: number
}

/** What one verified task adds to the file. Costs are USD; `cost` and `tokens` are the task's own. */
export interface ProgressLine {
  readonly task: string
  readonly run: string
  readonly iteration: number
  /** ISO 8601. */
  readonly timestamp: string
  readonly cost: number
  readonly tokens: number
  readonly totalCost: number
  readonly totalTokens: number
}

/** Lines whose task text was written unescaped, as the first implementation did. */
const UNESCAPED = /^\{"iteration":\s*(\d+),\s*"task":\s*"(.*)",\s*"status":\s*"(?:completed|done)"\}$/

/** The done tasks of a progress file, and how many of its lines were unreadable (a torn last line, say). */
export function parseProgress(text: string): {
  readonly entries: readonly ProgressEntry[]
  readonly damaged: number
} {
  const entries: ProgressEntry[] = []
  let damaged = 0
  const { objects, others } = jsonLines(text)
  for (const { task, status, run, iteration } of objects) {
    const done = status === undefined || status === 'done' || status === 'completed'
    if (typeof task !== 'string') damaged += 1
    else if (done) {
      entries.push({
        task,
        run: typeof run === 'string' ? run : null,
        iteration: typeof iteration === 'number' ? iteration : 0,
      })
    }
  }
  for (const line of others) {
    const unescaped = UNESCAPED.exec(line)
    if (unescaped) entries.push({ task: unescaped[2]!, run: null, iteration: Number(unescaped[1]) })
    else damaged += 1
  }
  return { entries, damaged }
}

/** Money to a hundredth of a cent of a cent, without the noise of binary fractions. */
const usd = (amount: number): number => Number(amount.toFixed(8))

/** The chapter's line, then our own fields. */
export const formatProgress = (line: ProgressLine): string =>
  jsonLine({
    task: line.task,
    status: 'done',
    iteration: line.iteration,
    timestamp: line.timestamp.replace(/\.\d+Z$/, 'Z'),
    cost: usd(line.cost),
    tokens: line.tokens,
    total_cost: usd(line.totalCost),
    total_tokens: line.totalTokens,
    run: line.run,
  })
