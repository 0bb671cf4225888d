import { channelsAt, type Entrance, isOwnPort, portOf } from '../runtime/channel-ports.ts'
import type { System } from '../runtime/system.ts'
import type { RouteHandler } from './edge.ts'
import { Refusal } from './refusal.ts'
import { ROUTES, type Route } from './routes.ts'

const PARAMETER = /\\\{\w+\\\}/g

/** Whether a path could be one of a route's. */
const fits = (route: string, path: string): boolean =>
  new RegExp(`^${route.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(PARAMETER, '[^/]+')}$`).test(path)

/** The routes of a path, one a method; none: perhaps it is a channel's. */
const routesOf = (path: string): readonly Route[] =>
  ROUTES.filter((route) => route.method !== 'ANY' && fits(route.path, path))

const methodsOf = (path: string) => routesOf(path).map((route) => route.method)

/** Whether a path answers some method without a key: everybody may then know which. */
export const isOpenPath = (path: string): boolean =>
  routesOf(path).some((route) => route.credential === 'open')

/** The other port that a path is served at, as the end of a message; empty where there is none. */
function elsewhere(manifest: System['manifest'], path: string, entrance: Entrance | null): string {
  if (entrance === null) return ''
  const { ownPort } = entrance
  if (!isOwnPort(entrance) && routesOf(path).length > 0) return `; the API is at port ${ownPort}`
  const [channel] = channelsAt(manifest, path, null)
  return channel === undefined ? '' : `; channel ${channel.name} is at port ${portOf(channel, ownPort)}`
}

/** A path that is no channel's: 405 with the methods of a path that exists, else 404, which tells of another port or a stray slash. */
export const notFound: RouteHandler = async ({ event, entrance, system }) => {
  const { method } = event.requestContext.http
  const path = event.rawPath
  const methods = isOwnPort(entrance) ? methodsOf(path) : []
  if (methods.length > 0) {
    const allow = methods.join(', ')
    throw new Refusal(405, 'method_not_allowed', `${path} does not take ${method}; it takes ${allow}`, {
      headers: { allow },
    })
  }
  const { manifest } = await system()
  const where = elsewhere(manifest, path, entrance)
  const tidy = path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const hint = tidy !== path && methodsOf(tidy).length > 0 ? `; did you mean ${tidy}?` : ''
  throw new Refusal(404, 'route_not_found', `Route not found: ${method} ${path}${where || hint}`)
}
