import type { LaneDecl } from '../../bytecode/manifest.ts'
import { isoTime } from '../iso-time.ts'
import { isGuarded } from '../limits/guards.ts'
import { assertEnabled } from '../limits/kill-switch.ts'
import { enterLane, laneOf } from '../limits/lanes.ts'
import { linksOf } from '../links/apply.ts'
import { Fault } from '../ports/fault.ts'
import type { Lease, SessionVersion, TurnResult } from '../ports/sessions.ts'
import { handOverWhenDue } from '../turn/hand-over.ts'
import { answeredAs } from './answered.ts'
import { dueReset } from './due-reset.ts'
import { heldLease } from './held-lease.ts'
import { startAfresh } from './reset.ts'
import type { ClearedTurn, OpenTurn } from './turn.ts'

/** A message waits this long for its lane, and again for its session. */
const WAIT_MS = 10_000
/** Of a turn without a deadline; a turn that outlives its lease loses nothing, its commit is checked. */
const LONGEST_TURN_MS = 15 * 60_000
/** A lease outlives the turn's deadline by this. */
const LEASE_MARGIN_MS = 5000

/** Thrown when the turn turns out to have been answered, or refused, by another request for it. */
export class TurnIsOver extends Error {
  readonly result: TurnResult
  constructor(result: TurnResult) {
    super('the turn is over')
    this.name = 'TurnIsOver'
    this.result = result
  }
}

/**
 * Stage 2: stores the message, waits for a slot of the lane and for the session, and resets a session that is due
 * (design 3.2). A refusal from here on closes the turn and leaves the history as it is.
 */
export async function session(turn: ClearedTurn): Promise<OpenTurn> {
  const { world, agent, call } = turn
  const lane = laneOf(world, agent, turn.lane, call.requestId)
  const fresh = await accept(turn, lane)
  handOverWhenDue(world, call)
  await takeLane(turn, lane)
  const lease = await takeSession(turn)
  // Read under the lease: another request for the same turn may just have finished it.
  const earlier = fresh ? null : await world.sessions.turn(turn.ref, turn.id)
  if (earlier?.result) throw new TurnIsOver(earlier.result)
  const opened = await world.sessions.open(turn.ref, lease)
  const answered = earlier && answeredAs(opened, earlier, isoTime(world.clock.now()))
  if (answered) {
    await world.sessions.close(turn.ref, turn.id, answered)
    throw new TurnIsOver(answered)
  }
  const { message, acceptedAt } = earlier?.intent ?? {
    message: turn.message,
    acceptedAt: isoTime(turn.startedAt),
  }
  const version = await resetWhenDue(turn, lease, opened)
  await assertEnabled(world, agent.name, call.requestId)
  turn.scene.taint.add(...(earlier?.intent.taint ?? []))
  return { ...turn, message, acceptedAt, earlier, lease, version }
}

/** Once this has returned, the message is not lost. False: the turn was accepted before. */
async function accept(turn: ClearedTurn, lane: LaneDecl): Promise<boolean> {
  const { world, agent, ref, id, call, ledger } = turn
  const fresh = await world.sessions.accept(ref, {
    turn: id,
    message: turn.message,
    acceptedAt: isoTime(turn.startedAt),
    lane: lane.name,
    requestId: call.requestId,
    ...(turn.fingerprint === null ? {} : { fingerprint: turn.fingerprint }),
    ...(isGuarded(world, agent, 'output') || linksOf(world, agent) !== null ? { guardsAnswer: true } : {}),
    ...(turn.scene.taint.isTainted ? { taint: turn.scene.taint.sources } : {}),
  })
  ledger.accepted = true
  world.audit.record({
    event: 'agent.invoke',
    agent: agent.name,
    requestId: call.requestId,
    sessionKey: ref.key,
  })
  return fresh
}

/** A turn nested in another of the same agent runs in its caller's slot: waiting for that one would be for ever. */
async function takeLane(turn: ClearedTurn, lane: LaneDecl): Promise<void> {
  const { world, agent, call, ledger, cameInAt } = turn
  if (call.holding.some((held) => held.ref.agent === agent.name)) return
  const waitedMs = Math.max(0, world.clock.now() - cameInAt)
  const slot = await enterLane(world, agent, lane, { waitMs: timeLeft(turn, WAIT_MS), waitedMs })
  ledger.held.push(() => slot.leave())
}

async function takeSession(turn: ClearedTurn): Promise<Lease> {
  const { world, ref, call, ledger } = turn
  const own = heldLease(call.holding, ref)
  if (own !== null) return own
  const lease = await world.sessions.acquire(ref, {
    purpose: `turn ${turn.id}`,
    ttlMs: timeLeft(turn, LONGEST_TURN_MS) + LEASE_MARGIN_MS,
    waitMs: timeLeft(turn, WAIT_MS),
  })
  if (lease === null) throw new Fault('session_busy', { key: ref.key }, { retryAfterMs: LEASE_MARGIN_MS })
  ledger.held.push(() => lease.release())
  ledger.holding.push({ ref, lease })
  return lease
}

const timeLeft = ({ world, call }: ClearedTurn, most: number): number =>
  Math.max(0, Math.min(most, call.deadlineAt - world.clock.now()))

/** Decided by the time the message came in: a turn that a person or another process goes on with later keeps its history. */
async function resetWhenDue(
  turn: ClearedTurn,
  lease: Lease,
  opened: SessionVersion,
): Promise<SessionVersion> {
  const { world, agent, ref, cameInAt, call } = turn
  let version = opened
  if (version.degraded) tellDegraded(turn)
  for (;;) {
    const reason = dueReset(agent.session, version, cameInAt)
    if (reason === null) return version
    const result = await startAfresh(world, { ref, version, reason, lease, requestId: call.requestId })
    if (result.kind === 'fresh') return result.version
    version = result.newest
  }
}

/** Once: this turn commits behind the damaged version, which later ones pass over. */
function tellDegraded({ world, agent, ref, call }: ClearedTurn): void {
  world.audit.record({
    event: 'session.degraded',
    agent: agent.name,
    sessionKey: ref.key,
    requestId: call.requestId,
  })
  world.output.warn(
    `the newest version of session ${ref.key} of ${agent.name} is damaged; the one before it is used (neam-cli doctor names the file)`,
  )
}
