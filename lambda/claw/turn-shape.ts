/** The shapes of what `turn-view.ts` shows. */
import * as v from 'valibot'
import { FAULT_CODES } from '../../agents/ports/fault.ts'
import { COUNT, TAINTED, TIME, USAGE } from '../answer-parts.ts'

const PLACE = { agent: v.string(), session_key: v.string(), turn_id: v.string() }

/** The fields of an answered turn. */
export const ANSWERED = { ...PLACE, response: v.string(), usage: USAGE, ...TAINTED }
export const MESSAGE_ANSWER = v.strictObject(ANSWERED)

/** The fields of a tool call that waits for a person. */
export const WAITING_CALL = {
  trace_id: v.string(),
  agent: v.string(),
  tool: v.string(),
  args: v.unknown(),
  reason: v.string(),
  expires_at: TIME,
}

/** The fields of what waits for a person; a forge run has no session. */
export const WAITING = { status: v.literal('pending_confirmation'), ...WAITING_CALL }
const WAITING_TURN = v.strictObject({ ...PLACE, ...WAITING })

/** The fields of a turn that goes on in the background. */
const LINKS = { status_url: v.string(), events_url: v.string() }
const RUNNING = { ...PLACE, ...LINKS, status: v.literal('running') }

/** A message that was accepted and is not answered yet. */
export const ACCEPTED_ANSWER = v.union([v.strictObject(RUNNING), WAITING_TURN])

/** The fields of what was refused or failed. */
export const FAILURE = { code: v.picklist(FAULT_CODES), message: v.string() }

/** How a turn ended. */
const COMPLETED = {
  response: v.string(),
  usage: USAGE,
  status: v.literal('completed'),
  finished_at: TIME,
  ...TAINTED,
}
const ORPHANED = { response: v.string(), status: v.literal('orphaned'), finished_at: TIME, ...TAINTED }
const FORGOTTEN = { status: v.literal('forgotten'), finished_at: TIME }
const ENDED_BADLY = { ...FAILURE, status: v.picklist(['refused', 'failed']), finished_at: TIME }

/** The fields of a turn, by how far it has come. */
const TURN = [
  { ...RUNNING, accepted_at: TIME },
  { ...PLACE, ...WAITING },
  { ...PLACE, ...COMPLETED },
  { ...PLACE, ...ORPHANED },
  { ...PLACE, ...FORGOTTEN },
  { ...PLACE, ...ENDED_BADLY },
]
export const TURN_ANSWER = v.union(TURN.map((fields) => v.strictObject(fields)))

const eventShape = <D extends v.GenericSchema>(event: string, data: D) =>
  v.strictObject({ id: v.pipe(COUNT, v.minValue(1)), event: v.literal(event), data })
const EVENTS = v.array(
  v.union([
    eventShape('turn.started', v.strictObject({ ...PLACE, ...LINKS, accepted_at: TIME })),
    eventShape('message.done', v.strictObject({ text: v.string() })),
    eventShape('tool.call', v.strictObject({ id: v.string(), name: v.string() })),
    eventShape('confirmation.pending', v.strictObject({ ...PLACE, ...WAITING_CALL })),
    eventShape(
      'tool.result',
      v.strictObject({
        id: v.string(),
        name: v.string(),
        ok: v.boolean(),
        untrusted: v.optional(v.literal(true)),
      }),
    ),
    eventShape('turn.done', v.union([v.strictObject(COMPLETED), v.strictObject(ORPHANED)])),
    eventShape('turn.error', v.union([v.strictObject(FORGOTTEN), v.strictObject(ENDED_BADLY)])),
  ]),
)
export const TURN_EVENTS_ANSWER = v.union(TURN.map((fields) => v.strictObject({ ...fields, events: EVENTS })))
