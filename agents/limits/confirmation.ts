import type { SkillDecl } from '../../bytecode/manifest.ts'
import { canonicalJson } from '../canonical-json.ts'
import { waitingCall } from '../confirmations/waiting-call.ts'
import { isoTime } from '../iso-time.ts'
import type {
  ApprovedResult,
  Confirmation,
  ConfirmationDecision,
  ConfirmationPlace,
} from '../ports/confirmations.ts'
import { Fault } from '../ports/fault.ts'
import type { World } from '../world.ts'

/** A tool call that needs a person's approval. */
export interface ConfirmableCall {
  readonly skill: SkillDecl
  /** JSON text of an object, as the tool would get it. */
  readonly arguments: string
  readonly reason: string
  readonly requestId: string | null
  /** Where the call stands; `call` tells equal calls apart. */
  place(call: string): ConfirmationPlace
}

/** A person's approval of one call. It can be used once. */
export interface Approval {
  /** Right before the tool starts. False: it was used before; the call is then not made again. */
  spend(): Promise<boolean>
  /** Right after the tool ended. */
  keep(result: ApprovedResult): Promise<void>
  /** What the call gave when it was made; null = it was cut off. */
  earlier(): Promise<ApprovedResult | null>
}

export type ApprovalAnswer =
  | { readonly kind: 'approved'; readonly approval: Approval }
  | { readonly kind: 'refused'; readonly text: string }

const DEFAULT_SECONDS = 300
const MAX_SECONDS = 7 * 24 * 3600
/** An approval that was not used for this long (its turn was cut off and never resumed) is worth nothing any more. */
const APPROVAL_VALID_MS = 3600_000

/**
 * The approval of a call by its place, tool and arguments: changed arguments are another call. The first time it is
 * asked for, the request is kept and shown to the admins. Throws `confirmation_pending` until it is decided; undecided
 * after NEAM_CONFIRMATION_SECONDS (default 300) is denied.
 */
export async function approvalOf(world: World, call: ConfirmableCall): Promise<ApprovalAnswer> {
  const args = call.arguments.trim() === '' ? '{}' : call.arguments
  const what = canonicalJson({ tool: call.skill.name, arguments: JSON.parse(args) })
  const place = call.place(what)
  const id = world.hash.sha256(canonicalJson({ place, what })).slice(0, 32)
  const confirmation =
    (await world.confirmations.get(id)) ?? (await open(world, { ...call, arguments: args }, { id, place }))
  const decision = await standingDecision(world, confirmation)
  if (decision === null) throw pendingFault(confirmation)
  const text = refusal(call.skill.name, decision)
  if (text !== null) return { kind: 'refused', text }
  const isOld = world.clock.now() - decision.at > APPROVAL_VALID_MS
  if (isOld && (await world.confirmations.result(id)) === null) {
    return { kind: 'refused', text: `Not done: the approval of ${call.skill.name} is too old to be used.` }
  }
  return {
    kind: 'approved',
    approval: {
      spend: () => world.confirmations.spend(id),
      keep: (result) => world.confirmations.keepResult(id, result),
      earlier: () => world.confirmations.result(id),
    },
  }
}

async function open(
  world: World,
  call: ConfirmableCall,
  { id, place }: { readonly id: string; readonly place: ConfirmationPlace },
): Promise<Confirmation> {
  const now = world.clock.now()
  const { opened, ...confirmation } = await world.confirmations.open({
    id,
    place,
    tool: call.skill.name,
    arguments: call.arguments,
    reason: call.reason,
    requestedAt: now,
    expiresAt: now + configuredSeconds(world) * 1000,
    requestId: call.requestId,
  })
  if (opened) {
    world.audit.record({
      event: 'confirm.request',
      agent: place.agent,
      tool: call.skill.name,
      requestId: call.requestId,
      ...placeOfAudit(place),
      metadata: { trace_id: id, expires_at: isoTime(confirmation.request.expiresAt) },
    })
  }
  return confirmation
}

function configuredSeconds(world: World): number {
  const seconds = Number(world.env('NEAM_CONFIRMATION_SECONDS') ?? DEFAULT_SECONDS)
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS ? seconds : DEFAULT_SECONDS
}

const isExpired = (world: World, { request }: Confirmation): boolean => world.clock.now() >= request.expiresAt

/** The decision, null while one may still be made: that the time is over, or the run that waits, is a decision, too. */
export async function standingDecision(
  world: World,
  confirmation: Confirmation,
): Promise<ConfirmationDecision | null> {
  if (confirmation.decision !== null) return confirmation.decision
  const { place } = confirmation.request
  if (place.kind === 'run' && (await world.runs.outcome(place)) !== null) {
    return (await recordDecision(world, confirmation, { action: 'deny', by: 'end of the run' })).decision
  }
  if (!isExpired(world, confirmation)) return null
  return (await recordDecision(world, confirmation, { action: 'expire', by: 'time' })).decision
}

/** The first decision stands. */
export async function recordDecision(
  world: World,
  { request }: Confirmation,
  {
    action,
    by,
    requestId = null,
  }: Pick<ConfirmationDecision, 'action' | 'by'> & { requestId?: string | null },
): Promise<{ readonly won: boolean; readonly decision: ConfirmationDecision }> {
  const at = world.clock.now()
  const result = await world.confirmations.decide(request.id, { action, by, at })
  if (result.won) {
    world.audit.record({
      event: 'confirm.result',
      agent: request.place.agent,
      tool: request.tool,
      detail: action,
      requestId,
      ...placeOfAudit(request.place),
      metadata: { trace_id: request.id, by },
    })
  }
  return result
}

const placeOfAudit = (place: ConfirmationPlace) =>
  place.kind === 'turn' ? { sessionKey: place.key } : { run: place.run }

/** What a caller must know to get a decision. */
export const pendingFault = ({ request }: Confirmation): Fault =>
  new Fault('confirmation_pending', {
    ...waitingCall(request),
    ...(request.place.kind === 'turn' ? { session_key: request.place.key, turn_id: request.place.turn } : {}),
  })

function refusal(tool: string, { action }: ConfirmationDecision): string | null {
  switch (action) {
    case 'approve':
      return null
    case 'deny':
      return `Denied: a person refused this call of ${tool}. Tell the user so, and do not make it again.`
    case 'expire':
      return `Not done: nobody approved this call of ${tool} in time. Tell the user so, and do not make it again.`
  }
}
