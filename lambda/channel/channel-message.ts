import * as v from 'valibot'
import { type Channel, channelKey, listenersOf } from '../../agents/claw/channels.ts'
import { messageTime } from '../../agents/claw/message-time.ts'
import { isoTime } from '../../agents/iso-time.ts'
import type { System } from '../../runtime/system.ts'
import { AMOUNT, COUNT, TIME } from '../answer-parts.ts'
import { takeMessage } from '../claw/take-message.ts'
import type { RouteAnswer, RouteRequest } from '../edge.ts'
import { badRequest } from '../refusal.ts'
import { NO_FIELDS, NO_LIST, TEXT, validate } from '../validate.ts'

/** An InboundMessage of chapter 24.6. What the server knows better may be left out. */
const INBOUND_MESSAGE = v.strictObject({
  content: v.optional(TEXT),
  /** Another name of `content`. */
  message: v.optional(TEXT),
  /** Needed where each user has a session. */
  user_id: v.optional(TEXT),
  /** Needed where several agents listen to the channel; may stand in `metadata` too. */
  agent: v.optional(v.string()),
  /** Needed where several channels have the path. */
  channel: v.optional(v.string()),
  /** Checked when it is given: it follows from agent, channel and user. */
  session_key: v.optional(v.string()),
  /** When the sender sent it; the session has the time at which it came in. */
  timestamp: v.optional(v.string()),
  metadata: v.optional(
    v.pipe(NO_LIST, v.looseObject({ lane: v.optional(v.string()), agent: v.optional(v.string()) })),
  ),
})

/** An OutboundMessage of chapter 24.6. */
export const OUTBOUND_MESSAGE = v.strictObject({
  channel: v.string(),
  session_key: v.string(),
  content: v.string(),
  timestamp: TIME,
  metadata: v.strictObject({ tokens_used: COUNT, latency_ms: AMOUNT, turn_id: v.string() }),
})

type InboundMessage = v.InferOutput<typeof INBOUND_MESSAGE>

/** A message over an `http` channel; its answer is the OutboundMessage of chapter 24.6. */
export async function channelMessage(
  request: RouteRequest,
  channels: readonly Channel[],
): Promise<RouteAnswer> {
  validate(NO_FIELDS, request.query)
  const inbound = validate(INBOUND_MESSAGE, request.body ?? {})
  const { manifest, world } = await request.system()
  const content = contentOf(inbound)
  const channel = named(
    channels,
    inbound.channel,
    `several channels have the path ${request.event.rawPath}: name one of them as channel`,
    'channel',
  )
  const agent = listener(manifest, channel, inbound)
  const key = keyOf(channel, inbound)
  const session = `${agent}/${key}`
  if (inbound.session_key !== undefined && inbound.session_key !== session) {
    throw badRequest(
      `session_key: ${JSON.stringify(inbound.session_key)} is not the session of this message; leave it out or send ${JSON.stringify(session)}`,
      'session_key',
    )
  }
  return await takeMessage(
    request,
    { agent, key, message: content, metadata: inbound.metadata },
    ({ response, tokens, latencyMs, turn }) => ({
      channel: channel.name,
      session_key: session,
      content: response,
      timestamp: messageTime(isoTime(world.clock.now())),
      metadata: { tokens_used: tokens, latency_ms: latencyMs, turn_id: turn },
    }),
  )
}

function contentOf({ content, message }: InboundMessage): string {
  if (content !== undefined && message !== undefined)
    throw badRequest("'content' and 'message' are two names of one field: send one of them", 'message')
  const text = content ?? message
  if (text === undefined) throw badRequest("Missing 'content' field", 'content')
  return text
}

function listener(
  manifest: System['manifest'],
  channel: Channel,
  { agent, metadata }: InboundMessage,
): string {
  const agents = listenersOf(manifest, channel)
  if (agents.length === 0) {
    throw badRequest(`no claw agent listens to channel ${channel.name}: add it to the channels of one`)
  }
  return named(
    agents,
    agent ?? metadata?.agent,
    `several agents listen to channel ${channel.name}: name one of them as agent`,
    'agent',
  ).name
}

/** The one that is meant: the only one, or the one of that name. */
function named<T extends { readonly name: string }>(
  all: readonly T[],
  name: string | undefined,
  problem: string,
  field: string,
): T {
  const names = all.map((one) => one.name).join(', ')
  const [only] = all
  if (name === undefined) {
    if (all.length === 1 && only !== undefined) return only
    throw badRequest(`${problem} (${names})`, field)
  }
  const found = all.find((one) => one.name === name)
  if (found === undefined) {
    throw badRequest(`${field}: ${JSON.stringify(name)} is none of those here (${names})`, field)
  }
  return found
}

function keyOf(channel: Channel, { user_id: user }: InboundMessage): string {
  if (user === undefined && channel.policy === 'dm') throw badRequest("Missing 'user_id' field", 'user_id')
  return channelKey(channel, user ?? '')
}
