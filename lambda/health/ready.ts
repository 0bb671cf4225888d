import * as v from 'valibot'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { System } from '../../runtime/system.ts'
import { AMOUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

/** `checks`: `ok` or the problem, by the name of what is checked. */
export const READY_ANSWER = v.strictObject({
  status: v.picklist(['ready', 'not_ready']),
  uptime_seconds: AMOUNT,
  checks: v.record(v.string(), v.string()),
})

/** GET /ready (chapter 28.8): this process can serve requests; 503 says which check failed and why. */
export const ready: RouteHandler = async ({ edge, system }) => {
  const checks = edge.draining() ? { process: 'draining' } : await partsOf(system)
  const isReady = Object.values(checks).every((state) => state === 'ok')
  return {
    status: isReady ? 200 : 503,
    body: { status: isReady ? 'ready' : 'not_ready', uptime_seconds: edge.uptimeSeconds(), checks },
    ...(isReady ? {} : { headers: { 'retry-after': '5' } }),
  }
}

/** What the system says of its parts; one that could not even be made is a part that failed. */
async function partsOf(system: () => Promise<System>): Promise<Readonly<Record<string, string>>> {
  try {
    return await (await system()).check()
  } catch (error) {
    return { system: error instanceof Fault ? faultText(error) : 'internal error' }
  }
}
