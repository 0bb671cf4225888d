import { turnState } from '../../agents/claw/turn-state.ts'
import type { RouteHandler } from '../edge.ts'
import { turnStateView } from './turn-view.ts'

/** GET /api/v1/claw/:agent/sessions/:key/turns/:id: how far a turn has come. One that was left lying is taken up. */
export const clawTurn: RouteHandler = async ({ system, params }) => {
  const { world } = await system()
  const { agent = '', key = '', id: turn = '' } = params
  const place = { agent, key, turn }
  const state = await turnState(world, place)
  if (state.kind === 'running' && state.isLeft) await world.turnWorker.take(place, { isLeft: true })
  return { body: turnStateView(place, state) }
}
