import type { IterationRecord } from '../ports/runs.ts'
import { updateHead } from './end.ts'
import { assertUnstopped } from './gate.ts'
import { onOwnLine } from './json-line.ts'
import { formatProgress, parseProgress } from './progress.ts'
import { END_BYTES, refusal } from './project.ts'
import type { OpenRun } from './run-state.ts'

/**
 * Makes an iteration's end durable, in the order of design 9.7: verdict, progress line, checkpoint, done. Each write
 * may be repeated, so a restart that finds the verdict simply settles again. Throws `checkpoint_failed` or
 * `checkpoint_lost`.
 */
export async function settle(run: OpenRun, record: IterationRecord): Promise<IterationRecord> {
  const { runs } = run.world
  await assertUnstopped(run)
  if (record.verdict.kind !== 'done') {
    await runs.recordDone(run.config, record)
    return record
  }
  await runs.recordVerdict(run.config, record)
  await writeProgress(run, record)
  const checkpoint = await run.checkpoint.keep({
    run: run.config.run,
    iteration: record.iteration,
    task: record.task,
    cost: record.tally.taskCost,
    tokens: record.tally.taskTokens,
  })
  const settled = { ...record, checkpoint }
  await runs.recordDone(run.config, settled)
  return settled
}

/** The file is an export (design 9.6): the run knows by its records what is done. */
async function writeProgress(run: OpenRun, record: IterationRecord): Promise<void> {
  const path = run.decl.loop.progressFile
  if (path === null) return
  const line = formatProgress({
    task: record.task,
    run: run.config.run,
    iteration: record.iteration,
    timestamp: record.finishedAt,
    cost: record.tally.taskCost,
    tokens: record.tally.taskTokens,
    totalCost: record.tally.cost,
    totalTokens: record.tally.tokens,
  })
  try {
    const existing = (await run.workspace.readEnd(path, END_BYTES))?.text ?? null
    const written = parseProgress(existing ?? '').entries.some(
      (entry) => entry.run === run.config.run && entry.iteration === record.iteration,
    )
    if (!written) await run.workspace.append(path, onOwnLine(existing, line))
  } catch (error) {
    const warning = `progress file ${path} lacks the line of iteration ${record.iteration}: ${refusal(error)}`
    await updateHead(run.world, run.config, {}, [warning])
  }
}
