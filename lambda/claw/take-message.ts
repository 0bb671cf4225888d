import { ask } from '../../agents/claw/ask.ts'
import { isBusy } from '../../agents/claw/busy.ts'
import type { AskAnswer } from '../../agents/claw/turn.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'
import type { World } from '../../agents/world.ts'
import type { RouteAnswer, RouteRequest } from '../edge.ts'
import { idempotencyKeyOf, idOfKey } from '../idempotency-key.ts'
import { withInstance } from '../instance.ts'
import { runningView, statusUrl, waitingView } from './turn-view.ts'
import { streamFrom, wantsStream } from './wants-stream.ts'

export interface IncomingMessage {
  readonly agent: string
  readonly key: string
  readonly message: string
  readonly metadata: { readonly lane?: string | undefined } | undefined
  /** Whether the caller may ask for the events of the turn instead of its end. */
  readonly mayStream?: boolean
}

/**
 * Asks the agent; `view` shows its answer. 202 when a person has to decide first, when the turn takes longer than the
 * caller can wait, and for `Prefer: respond-async`. Whoever wants a stream gets one; where none can be given, 202.
 */
export async function takeMessage(
  request: RouteRequest,
  { agent, key, message, metadata, mayStream = false }: IncomingMessage,
  view: (answer: AskAnswer) => object,
): Promise<RouteAnswer> {
  const { world } = await request.system()
  const idempotencyKey = idempotencyKeyOf(request)
  const turnId =
    idempotencyKey === null ? world.ids.next() : idOfKey(world.hash, [agent, key], idempotencyKey)
  const place = { agent, key, turn: turnId }
  const from = mayStream ? streamFrom(request) : null
  const isAsync = wantsAsync(headerOf(request, 'prefer')) || (mayStream && wantsStream(request))
  const now = world.clock.now()
  const turn = () =>
    ask(world, {
      ...place,
      message,
      isNewTurn: idempotencyKey === null,
      fingerprint:
        idempotencyKey === null ? null : world.hash.sha256(JSON.stringify([message, metadata ?? null])),
      ...(metadata?.lane === undefined ? {} : { lane: metadata.lane }),
      requestId: request.requestId,
      deadlineAt: request.deadlineAt,
      signal: request.edge.shutdown,
      handOver: isAsync ? { at: now, leastMs: 1 } : request.handOver,
    })
  const take = () =>
    orOnTheWay(world, place, { isRepeatable: idempotencyKey !== null, isAsync }, async () => {
      // To be accepted, a message needs no VM instance: its turn waits for one.
      const answer = isAsync ? await turn() : await withInstance(request, agent, turn)
      return { body: view(answer) }
    })
  if (from === null) return await take()
  const { eventStream } = await import('./event-stream.ts')
  // Nobody has an event of a turn that begins now.
  return await eventStream(request, { place, after: idempotencyKey === null ? 0 : from }, take)
}

const headerOf = ({ event }: RouteRequest, name: string): string | null =>
  event.headers?.[name]?.trim() ?? null

/** RFC 7240: preferences are separated by commas, parameters of one by semicolons. */
const wantsAsync = (prefer: string | null): boolean =>
  (prefer ?? '').split(',').some((one) => one.split(';')[0]!.trim().toLowerCase() === 'respond-async')

async function orOnTheWay(
  world: World,
  place: TurnPlace,
  { isRepeatable, isAsync }: { readonly isRepeatable: boolean; readonly isAsync: boolean },
  work: () => Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code === 'confirmation_pending') return { status: 202, body: waitingView(error) }
    if (error.code === 'turn_handed_over') await handOver(world, place)
    else if (!(isRepeatable && isBusy(error) && (await isOpen(world, place)))) throw error
    const headers = { location: statusUrl(place), 'retry-after': '2' }
    return {
      status: 202,
      headers: isAsync ? { ...headers, 'preference-applied': 'respond-async' } : headers,
      body: runningView(place),
    }
  }
}

/** The message is accepted, and so it is not an error that nobody took it over: the status route asks again. */
async function handOver(world: World, place: TurnPlace): Promise<void> {
  try {
    await world.turnWorker.take(place)
  } catch (error) {
    world.output.warn(`turn ${place.turn} was not handed over`, error)
  }
}

const isOpen = async (world: World, { agent, key, turn }: TurnPlace): Promise<boolean> =>
  (await world.sessions.turn({ agent, key }, turn))?.result === null
