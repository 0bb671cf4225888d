import * as v from 'valibot'
import { turnSoFar } from '../../agents/claw/turn-events.ts'
import type { RouteHandler } from '../edge.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'
import { eventStream } from './event-stream.ts'
import { eventView } from './event-view.ts'
import { turnStateView } from './turn-view.ts'
import { streamFrom } from './wants-stream.ts'

export const EVENTS_QUERY = v.strictObject({
  /** `id` of the last event that the caller has. */
  after: v.optional(WHOLE_NUMBER),
})

/** GET .../turns/:id/events: what has happened in a turn. One that was left lying is taken up, as by its status route. */
export const clawTurnEvents: RouteHandler = async (request) => {
  const { after = '0' } = validate(EVENTS_QUERY, request.query)
  const { agent = '', key = '', id: turn = '' } = request.params
  const place = { agent, key, turn }
  const from = streamFrom(request, Number(after))
  if (from !== null) return await eventStream(request, { place, after: from })
  const { world } = await request.system()
  const { state, events } = await turnSoFar(world, place)
  if (state.kind === 'running' && state.isLeft) await world.turnWorker.take(place, { isLeft: true })
  const missed = events.filter(({ id }) => id > Number(after))
  return {
    body: { ...turnStateView(place, state), events: missed.map((event) => eventView(place, event)) },
  }
}
