import { findAgent } from '../find-agent.ts'
import type { World } from '../world.ts'
import { closeAbandoned } from './abandon.ts'
import { updateHead } from './end.ts'
import { wakeRun } from './waiting.ts'

export interface StopAnswer {
  readonly status: 'stopping' | 'not_running'
  readonly agent: string
  readonly run: string | null
}

/**
 * Asks the agent's run to stop: after the iteration in hand, or with `force` within seconds, its workspace then being
 * put back to the iteration's start. Throws `agent_not_found`.
 */
export async function stopForge(
  world: World,
  agent: string,
  options: { readonly force?: boolean; readonly requestId?: string | null } = {},
): Promise<StopAnswer> {
  const { name } = findAgent(world, 'forge', agent)
  const head = await world.runs.head(name)
  if (head === null || (await world.runs.outcome(head))) {
    return { status: 'not_running', agent: name, run: null }
  }
  const force = options.force ?? false
  await world.runs.requestStop(head, force)
  await updateHead(world, head, { stopping: true })
  if (head.waiting !== null) await wakeRun(world, head.waiting)
  world.audit.record({
    event: 'forge.stop',
    agent: name,
    run: head.run,
    requestId: options.requestId ?? null,
    metadata: { force },
  })
  // Nobody is left to see the request when the driver is gone.
  await closeAbandoned(world, head, { outcome: 'aborted', message: 'stopped on request' })
  return { status: 'stopping', agent: name, run: head.run }
}
