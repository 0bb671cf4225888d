import { Fault } from '../ports/fault.ts'
import type { RunOutcome } from '../ports/runs.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { statusAfterChange } from './await-change.ts'
import { startForge } from './start.ts'

/** Between two looks at whether the driver still works on the run. */
const LOOK_MS = 20_000
/** Kept back of the caller's time, to say what came of it. */
const MARGIN_MS = 30_000

/**
 * `.run()` where runs outlive the process that asks for them (design 9.12): starts the execution and waits for the outcome.
 * Throws what `startForge` throws, `stopped`, and `deadline_exceeded` when the caller's time ends first; the run goes on.
 */
export async function runElsewhere(
  world: World,
  agent: string,
  call: Pick<CallContext, 'deadlineAt' | 'signal' | 'requestId' | 'taint'>,
): Promise<RunOutcome> {
  const { deadlineAt, signal, requestId, taint = [] } = call
  const isTainted = taint.length > 0
  const config = await startForge(world, { agent, driver: world.forgeDriver.kind, requestId, isTainted })
  await world.forgeDriver.start(config, world.tracing.current())
  const giveUpAt = deadlineAt - MARGIN_MS
  for (;;) {
    const outcome = await world.runs.outcome(config)
    if (outcome) return outcome
    if (signal.aborted) throw new Fault('stopped')
    if (world.clock.now() >= giveUpAt) {
      throw new Fault('deadline_exceeded', {
        doing: `waiting for run ${config.run} of ${config.agent}, which goes on`,
      })
    }
    await statusAfterChange(world, config.agent, {
      until: Math.min(giveUpAt, world.clock.now() + LOOK_MS),
      signal,
    })
  }
}
