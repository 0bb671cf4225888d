/** The events of a turn as server-sent events (HTML standard, section 9.2). */
import { type FollowedEvent, TurnFollower } from '../../agents/claw/follow-turn.ts'
import { turnRecord } from '../../agents/claw/turn-state.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'
import type { World } from '../../agents/world.ts'
import type { RouteAnswer, RouteRequest } from '../edge.ts'
import { eventView } from './event-view.ts'
import { EVENT_STREAM } from './wants-stream.ts'

/** Proxies close connections on which nothing moves. */
const KEEP_ALIVE_MS = 15_000

/**
 * Follows a turn from an event on; `begin` is done when nothing of the turn can be missed any more. Throws what `begin`
 * and `turnRecord` throw.
 */
export async function eventStream(
  { system, edge, requestId }: RouteRequest,
  { place, after }: { readonly place: TurnPlace; readonly after: number },
  begin: () => Promise<unknown> = async () => {},
): Promise<RouteAnswer> {
  const { world } = await system()
  const follower = new TurnFollower(world, place)
  try {
    await begin()
    await turnRecord(world, place)
  } catch (error) {
    follower.leave()
    throw error
  }
  const onError = (error: unknown) =>
    edge.log({ level: 'error', message: 'stream broken off', request_id: requestId, cause: String(error) })
  const body = frames(world, place, {
    follower,
    events: follower.events({ after, signal: edge.shutdown }),
    onError,
  })
  // Begun, it comes to its end even if nobody reads it.
  await body.next()
  // Some proxies gather an answer until it is whole unless they are told.
  return { body, headers: { 'content-type': EVENT_STREAM, 'x-accel-buffering': 'no' } }
}

/** After an error the connection just ends: the client comes back with the last id that it got. */
async function* frames(
  world: World,
  place: TurnPlace,
  {
    follower,
    events,
    onError,
  }: {
    readonly follower: TurnFollower
    readonly events: AsyncIterable<FollowedEvent>
    readonly onError: (error: unknown) => void
  },
): AsyncGenerator<string> {
  let written = world.clock.now()
  try {
    yield ''
    for await (const event of events) {
      if (event.kind === 'idle' && world.clock.now() - written < KEEP_ALIVE_MS) continue
      written = world.clock.now()
      yield frame(place, event)
    }
  } catch (error) {
    onError(error)
  } finally {
    follower.leave()
  }
}

function frame(place: TurnPlace, followed: FollowedEvent): string {
  switch (followed.kind) {
    case 'idle':
      return ': keep-alive\n\n'
    // Without an id: whoever comes back in the middle of a text gets it from its beginning.
    case 'message.delta':
      return `event: message.delta\ndata: ${JSON.stringify({ text: followed.text })}\n\n`
    case 'message.reset':
      return 'event: message.reset\ndata: {}\n\n'
    default: {
      const { id, event, data } = eventView(place, followed)
      return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    }
  }
}
