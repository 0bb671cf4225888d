import type { Edge } from '../edge.ts'
import { rateLimited, requestLimitsOf } from '../request-limits.ts'
import type { Route } from '../routes.ts'
import { keyFingerprint } from './authenticate.ts'
import type { Middleware } from './middleware.ts'

const SENTENCES = {
  requests_per_minute: (limit: number) => `this key may send ${limit} requests a minute`,
  concurrent_requests: (limit: number) => `this key may have ${limit} requests in hand at once`,
} as const

/**
 * Refuses what goes beyond NEAM_RATE_LIMIT and NEAM_CONCURRENT_REQUESTS of a key (design 6.2). Comes after the check of
 * the key: nobody uses up the share of another. Probes are always answered.
 */
export function limitRequests(route: Route, edge: Edge): Middleware {
  const releases = new WeakMap<object, () => void>()
  const release: Middleware['after'] = ({ context, response }) => {
    const free = releases.get(context)
    if (free === undefined) return
    // What is sent in parts is in hand until its end.
    if (response?.stream) response.stream.once('close', free)
    else free()
  }
  return {
    before: async ({ event, context }) => {
      if (route.credential === 'open') return
      const { settings, world } = await context.system()
      const caller = keyFingerprint(event.headers?.authorization)
      const admission = requestLimitsOf(edge).admit(caller, world.clock.now(), settings.requestLimits)
      if (admission.admitted) {
        releases.set(context, admission.release)
        return
      }
      const { scope, limit } = admission
      const metadata = { key: caller, scope, limit }
      world.audit.record({ event: 'limit.exceeded', agent: null, requestId: context.requestId, metadata })
      throw rateLimited(SENTENCES[scope](limit), admission)
    },
    after: release,
    onError: release,
  }
}
