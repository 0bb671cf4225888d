import { allowsOrigins, channelsAt } from '../../runtime/channel-ports.ts'
import type { RouteHandler } from '../edge.ts'
import { notFound } from '../not-found.ts'
import { Refusal } from '../refusal.ts'
import { channelMessage } from './channel-message.ts'

/** ANY /{proxy+}: the channel paths of the program (chapter 24.6, design 9.19), else 404 or 405. */
export const channel: RouteHandler = async (request) => {
  const { method } = request.event.requestContext.http
  const path = request.event.rawPath
  const { entrance } = request
  const { manifest } = await request.system()
  const channels = channelsAt(manifest, path, entrance)
  if (channels.length === 0) return await notFound(request)
  if (method === 'POST') return await channelMessage(request, channels)
  const preflight = allowsOrigins(manifest, path, entrance)
  if (method === 'OPTIONS' && preflight) return { status: 204, body: undefined }
  const allow = preflight ? 'POST, OPTIONS' : 'POST'
  throw new Refusal(405, 'method_not_allowed', `${path} does not take ${method}; it takes ${allow}`, {
    headers: { allow },
  })
}
