import { pendingConfirmations } from '../../agents/confirmations/pending.ts'
import { isoTime } from '../../agents/iso-time.ts'
import type { RouteHandler } from '../edge.ts'
import { confirmationView } from './view.ts'

/** GET /api/v1/admin/confirmations (chapter 28.2): tool calls that wait for a person, oldest first. */
export const confirmationList: RouteHandler = async ({ system }) => {
  const { world } = await system()
  const now = world.clock.now()
  const pending = await pendingConfirmations(world)
  return {
    body: {
      pending: pending.map(({ request }) => ({
        ...confirmationView(request),
        requested_at: isoTime(request.requestedAt),
        timeout_seconds: Math.max(0, Math.ceil((request.expiresAt - now) / 1000)),
      })),
    },
  }
}
