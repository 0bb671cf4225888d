import * as v from 'valibot'
import { pendingConfirmations } from '../../agents/confirmations/pending.ts'
import { isoTime } from '../../agents/iso-time.ts'
import { COUNT, TIME } from '../answer-parts.ts'
import { WAITING_CALL } from '../claw/turn-shape.ts'
import type { RouteHandler } from '../edge.ts'
import { confirmationView } from './view.ts'

const PENDING = { ...WAITING_CALL, requested_at: TIME, timeout_seconds: COUNT }

export const PENDING_ANSWER = v.strictObject({
  pending: v.array(
    v.union([
      v.strictObject({ ...PENDING, session_key: v.string(), turn_id: v.string() }),
      v.strictObject({ ...PENDING, run: v.string(), iteration: COUNT }),
    ]),
  ),
})

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
