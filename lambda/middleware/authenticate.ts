import { hash, timingSafeEqual } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { allowsOrigins, channelsAt, type Entrance, isOwnPort } from '../../runtime/channel-ports.ts'
import { KEY_FIX, type KeyName, type Keys } from '../../runtime/keys.ts'
import type { System } from '../../runtime/system.ts'
import type { Edge } from '../edge.ts'
import { isOpenPath } from '../not-found.ts'
import { Refusal } from '../refusal.ts'
import { rateLimited, requestLimitsOf } from '../request-limits.ts'
import { type Route, routeKey } from '../routes.ts'
import type { Middleware } from './middleware.ts'

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

/** Compares with every key, so that the time tells neither which one fits nor how much of it. */
function matches(presented: string, keys: readonly string[]): boolean {
  const one = digest(presented)
  return keys.map((key) => timingSafeEqual(one, digest(key))).some(Boolean)
}

const unauthorized = (message: string): Refusal =>
  new Refusal(401, 'unauthorized', message, { headers: { 'www-authenticate': 'Bearer' } })

/** `Authorization: Bearer KEY`; the scheme in any case, the key never in the query. */
function bearer(header: string | undefined): string | null {
  const found = /^bearer +(\S+) *$/i.exec(header ?? '')
  return found?.[1] ?? null
}

/** Who presented a key, for records: tells keys apart and gives none away. `no key` in development mode. */
export function keyFingerprint(header: string | undefined): string {
  const presented = bearer(header)
  return presented === null ? 'no key' : `key ${digest(presented).toString('hex').slice(0, 12)}`
}

/** 401, or 429 once its address has sent more than `perMinute` wrong keys in a minute. Only wrong keys count and wait. */
function wrongKey(edge: Edge, address: string, nowMs: number, perMinute: number): Refusal {
  const admission = requestLimitsOf(edge).admit(`address ${address}`, nowMs, { perMinute, concurrent: null })
  if (!admission.admitted) {
    const sentence = `more than ${perMinute} wrong keys a minute came from your address`
    return rateLimited(sentence, { ...admission, scope: 'wrong_keys_per_minute' })
  }
  admission.release()
  return unauthorized('the key is not valid')
}

const API = 'NEAM_API_KEY'
const ADMIN = 'NEAM_ADMIN_KEY'

/** A variable of which no key can be used, why, and what to do. Everybody may read it. */
async function missingKey(keys: Keys, name: KeyName): Promise<string> {
  const problems = await keys.refused(name)
  return problems.length === 0
    ? `${name}, which is not set; set it to ${KEY_FIX}`
    : `${name}, which counts as not set because it ${problems.join(', or ')}; set it to ${KEY_FIX}`
}

/** What no key is needed for, to be told which methods a path takes: those of an open path, and what a browser asks before it sends a key. */
function isOpen(
  event: APIGatewayProxyEventV2,
  manifest: System['manifest'],
  entrance: Entrance | null,
): boolean {
  const { rawPath: path } = event
  if (event.requestContext?.http?.method === 'OPTIONS' && allowsOrigins(manifest, path, entrance)) return true
  return isOwnPort(entrance) && isOpenPath(path) && channelsAt(manifest, path, entrance).length === 0
}

const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address)

/**
 * Chapter 28.4: NEAM_API_KEY on every route but the open ones, NEAM_ADMIN_KEY on admin routes. In production nothing is
 * served without a key; elsewhere a server without keys is in development mode, where admin routes are open to callers
 * on the same machine only. Without an admin key they are closed to everybody else (design 6.1). Each use of a key, and each refusal,
 * is audited with the key's fingerprint. Whoever tries keys is told to wait (NEAM_WRONG_KEY_LIMIT).
 */
export function authenticate(route: Route, edge: Edge): Middleware {
  return {
    before: async ({ event, context }) => {
      if (route.credential === 'open') return
      const { keys, settings, manifest, world } = await context.system()
      if (route.handler === 'channel' && isOpen(event, manifest, context.entrance ?? null)) return
      const record = (name: 'auth.success' | 'auth.failure', detail?: string) =>
        world.audit.record({
          event: name,
          agent: null,
          requestId: context.requestId,
          ...(detail === undefined ? {} : { detail }),
          metadata: {
            key: keyFingerprint(event.headers?.authorization),
            route: routeKey(route),
            source_ip: event.requestContext?.http?.sourceIp ?? null,
          },
        })
      const refuse = (refusal: Refusal): never => {
        record('auth.failure', refusal.code)
        throw refusal
      }
      const [api, admin] = await Promise.all([keys.api(), keys.admin()])
      const wanted = route.credential === 'admin' ? admin : api
      const development = wanted.length === 0 && !settings.production && api.length === 0
      if (
        development &&
        (route.credential !== 'admin' || isLoopback(event.requestContext?.http?.sourceIp ?? ''))
      )
        return
      const presented = bearer(event.headers?.authorization)
      const [name, otherName] =
        route.credential === 'admin' ? ([ADMIN, API] as const) : ([API, ADMIN] as const)
      if (route.credential === 'admin' && wanted.length === 0 && (development || api.length > 0)) {
        refuse(new Refusal(403, 'forbidden', `this route needs ${await missingKey(keys, name)}`))
      }
      if (api.length === 0 && admin.length === 0) {
        refuse(new Refusal(503, 'not_configured', `this server needs ${await missingKey(keys, name)}`))
      }
      if (presented === null) return refuse(unauthorized(`send the header Authorization: Bearer <${name}>`))
      if (matches(presented, wanted)) return record('auth.success')
      const other = route.credential === 'admin' ? api : admin
      if (matches(presented, other)) {
        const message = `this route needs ${name}, and the key that was sent is one of ${otherName}`
        refuse(new Refusal(403, 'forbidden', message))
      }
      const { sourceIp = '' } = event.requestContext?.http ?? {}
      refuse(wrongKey(edge, sourceIp, world.clock.now(), settings.requestLimits.wrongKeysPerMinute))
    },
  }
}
