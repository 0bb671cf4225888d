import type { Slots } from '../agents/limits/slots.ts'
import { asFault } from '../agents/turn/as-fault.ts'
import type { RouteRequest } from './edge.ts'
import { Refusal } from './refusal.ts'

/** When who was refused may try again. */
const RETRY_AFTER_SECONDS = 5

/**
 * Does the work of a request with one of the process's VM instances (chapter 28.5, `--pool-size`). Waits for a free one
 * until so little time is left that nothing long begins: then 503. Agents that the work asks need no other.
 */
export async function withInstance<T>(
  request: RouteRequest,
  agent: string,
  work: () => Promise<T>,
): Promise<T> {
  const { instances } = await request.system()
  const release = instances.takeFree() ?? (await waitFor(instances, request, agent))
  try {
    return await work()
  } finally {
    release()
  }
}

async function waitFor(instances: Slots, request: RouteRequest, agent: string): Promise<() => void> {
  const { system, edge, handOver, requestId } = request
  const { world } = await system()
  const patience = world.timers.deadline(Math.max(0, handOver.at - handOver.leastMs - world.clock.now()))
  try {
    return await instances.take(AbortSignal.any([patience.signal, edge.shutdown]))
  } catch (error) {
    if (edge.shutdown.aborted) throw asFault(error, edge.shutdown)
    const details = { scope: 'vm_instances', limit: instances.limit }
    world.audit.record({ event: 'limit.exceeded', agent, requestId, metadata: details })
    throw new Refusal(
      503,
      'instances_busy',
      `all ${instances.limit} VM instances are busy; try again in ${RETRY_AFTER_SECONDS} s`,
      { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) }, details },
    )
  } finally {
    patience.cancel()
  }
}
