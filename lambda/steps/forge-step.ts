import { failRun } from '../../agents/forge/fail.ts'
import { iterate } from '../../agents/forge/iterate.ts'
import type { Step } from '../../agents/forge/run-state.ts'
import { keepTaskToken, untilDecided } from '../../agents/forge/waiting.ts'
import type { World } from '../../agents/world.ts'
import {
  executionName,
  executionOf,
  type ForgeRunState,
  type ForgeStepEvent,
  type ForgeStepResult,
  type ForgeWaitEvent,
} from '../../statemachine/contract.ts'

/** Below the step function's 15 minutes and the task's TimeoutSeconds. */
const STEP_LIMIT_MS = 14 * 60_000

/**
 * What the state machine calls, on Lambda and in the local interpreter. `deadlineAt` (ms) is when an iteration must
 * have come to its end. A failed iteration that another try may mend throws; the machine retries it.
 */
export async function forgeStep(
  world: World,
  event: ForgeStepEvent,
  options: { readonly deadlineAt?: number } = {},
): Promise<ForgeStepResult> {
  switch (event.step) {
    case 'iterate': {
      const deadlineAt = options.deadlineAt ?? world.clock.now() + STEP_LIMIT_MS
      const { traceparent, ...state } = event.state
      const step = await world.tracing.continued(traceparent, () => iterate(world, state, { deadlineAt }))
      const result = stepResult(step)
      return traceparent === undefined ? result : { ...result, state: { ...result.state, traceparent } }
    }
    case 'fail':
      return await recordFailure(world, event.state, event.error)
  }
}

/** What the waiting state calls. Throws what goes on at once: `confirmation_decided`, `stopped`. */
export const forgeWait = (world: World, { state, wait, token }: ForgeWaitEvent): Promise<void> =>
  keepTaskToken(world, state, wait.confirmation, token)

/** What the waiting state does in the interpreter, where no service calls back: looks until the run may go on. */
export const forgeWaitHere = (
  world: World,
  { state, wait }: ForgeWaitEvent,
  signal: AbortSignal,
): Promise<void> => untilDecided(world, state, wait.confirmation, signal)

function stepResult(step: Step): ForgeStepResult {
  const { state, report } = step
  return {
    ...whatNext(step),
    state,
    report: {
      iteration: report.iteration,
      task: report.task,
      verdict: report.verdict,
      cost_usd: Number(report.totalCost.toFixed(6)),
      outcome: report.outcome,
    },
  }
}

/** `state` names the iteration to do next; the one that it follows was done by this execution. */
function whatNext(step: Step): Pick<ForgeStepResult, 'next' | 'successor' | 'wait'> {
  if (step.kind === 'waiting') return { next: 'wait', successor: null, wait: step.wait }
  if (step.kind !== 'next') return { next: 'end', successor: null, wait: null }
  const { run, iteration } = step.state
  const execution = executionOf(iteration)
  return execution === executionOf(iteration - 1)
    ? { next: 'iterate', successor: null, wait: null }
    : { next: 'hand_over', successor: executionName(run, execution), wait: null }
}

async function recordFailure(
  world: World,
  state: ForgeRunState,
  error: { readonly Error?: string; readonly Cause?: string },
): Promise<ForgeStepResult> {
  const message = `the step failed: ${error.Error ?? 'unknown error'}${causeText(error.Cause)}`
  const outcome = await failRun(world, state, message)
  return {
    next: 'end',
    state,
    successor: null,
    wait: null,
    report: {
      iteration: outcome.iterations,
      task: '',
      verdict: '',
      cost_usd: Number(outcome.totalCost.toFixed(6)),
      outcome: outcome.outcome,
    },
  }
}

/** Lambda's Cause is JSON with the message among stack traces, which concern nobody but the log. */
function causeText(cause: string | undefined): string {
  if (!cause) return ''
  try {
    const { errorMessage } = JSON.parse(cause) as { readonly errorMessage?: unknown }
    return typeof errorMessage === 'string' && errorMessage !== '' ? ` (${errorMessage})` : ''
  } catch {
    return ` (${cause})`
  }
}
