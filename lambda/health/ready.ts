import * as v from 'valibot'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { Check } from '../../runtime/readiness.ts'
import type { System } from '../../runtime/system.ts'
import { AMOUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

const CHECK = v.strictObject({ ok: v.boolean(), ms: AMOUNT, detail: v.string() })

/** `checks`: what was found, by the name of what is checked. */
export const READY_ANSWER = v.strictObject({
  status: v.picklist(['ready', 'not_ready']),
  uptime_seconds: AMOUNT,
  checks: v.record(v.string(), CHECK),
})

/** GET /ready (chapter 28.8): this process can serve requests; 503 says which check failed and why. */
export const ready: RouteHandler = async ({ edge, system }) => {
  const checks = edge.draining() ? { process: failed('draining') } : await checksOf(system)
  const isReady = Object.values(checks).every(({ ok }) => ok)
  return {
    status: isReady ? 200 : 503,
    body: { status: isReady ? 'ready' : 'not_ready', uptime_seconds: edge.uptimeSeconds(), checks },
    ...(isReady ? {} : { headers: { 'retry-after': '5' } }),
  }
}

/** What the system says of its parts; one that could not even be made is a part that failed. */
async function checksOf(system: () => Promise<System>): Promise<Readonly<Record<string, Check>>> {
  try {
    return await (await system()).check()
  } catch (error) {
    return { system: failed(error instanceof Fault ? faultText(error) : 'internal error') }
  }
}

const failed = (detail: string): Check => ({ ok: false, ms: 0, detail })
