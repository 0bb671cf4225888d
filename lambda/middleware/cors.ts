import { allowsOrigins } from '../../runtime/channel-ports.ts'
import type { Route } from '../routes.ts'
import type { Middleware } from './middleware.ts'

/**
 * `*` with no credentials: pages of any origin may call, and no browser adds a key by itself. The key goes into the
 * header Authorization, which has to be named.
 */
const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, prefer, traceparent',
  'access-control-expose-headers': 'location, retry-after, traceparent',
  'access-control-max-age': '600',
} as const

/** Channels with `cors: true` (chapter 24.6), whatever the answer is; no other route ever. */
export function cors(route: Route): Middleware {
  const add: Middleware['after'] = async ({ event, context, response }) => {
    if (route.handler !== 'channel' || !response) return
    // Where there is no system, its failure is being answered.
    const system = await context.system().catch(() => null)
    const { entrance = null } = context
    if (system !== null && allowsOrigins(system.manifest, event.rawPath, entrance))
      response.headers = { ...response.headers, ...CORS_HEADERS }
  }
  return { after: add, onError: add }
}
