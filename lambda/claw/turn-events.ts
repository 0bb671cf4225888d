import * as v from 'valibot'
import { turnSoFar } from '../../agents/claw/turn-events.ts'
import type { RouteHandler } from '../edge.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'
import { eventView } from './event-view.ts'
import { turnStateView } from './turn-view.ts'

export const EVENTS_QUERY = v.strictObject({
  /** `id` of the last event that the caller has. */
  after: v.optional(WHOLE_NUMBER),
})

/** GET .../turns/:id/events: what has happened in a turn. One that was left lying is taken up, as by its status route. */
export const clawTurnEvents: RouteHandler = async ({ system, params, query }) => {
  const { after = '0' } = validate(EVENTS_QUERY, query)
  const { world } = await system()
  const { agent = '', key = '', id: turn = '' } = params
  const place = { agent, key, turn }
  const { state, events } = await turnSoFar(world, place)
  if (state.kind === 'running' && state.isLeft) await world.turnWorker.take(place)
  const missed = events.filter(({ id }) => id > Number(after))
  return {
    body: { ...turnStateView(place, state), events: missed.map((event) => eventView(place, event)) },
  }
}
