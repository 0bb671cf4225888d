import { findAgent } from '../find-agent.ts'
import type { Lease, SessionRef, SessionVersion } from '../ports/sessions.ts'
import type { HeldSession } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { heldLease, UNLEASED } from './held-lease.ts'
import { refuseWaiting } from './refuse-waiting.ts'
import { checkedKey } from './session-key.ts'

export interface ResetRequest {
  readonly agent: string
  readonly key: string
  readonly requestId?: string | null
  /** What the turns hold in which the reset is asked for. */
  readonly holding?: readonly HeldSession[]
}

export interface ResetAnswer {
  /** File name below `archive/`, null when there was nothing to archive. */
  readonly archived: string | null
}

/** A running turn gets this long to finish before the reset goes ahead without it. */
const WAIT_MS = 2000
const TTL_MS = 30_000

/**
 * Archives a session and begins a new one (chapter 24.4). A reset wins over a running turn, which then ends as
 * `orphaned`. Throws `agent_not_found` and `session_key_invalid`.
 */
export async function resetSession(world: World, request: ResetRequest): Promise<ResetAnswer> {
  const agent = findAgent(world, 'claw', request.agent)
  const ref: SessionRef = { agent: agent.name, key: checkedKey(request.key) }
  const own = heldLease(request.holding, ref)
  const taken = own
    ? null
    : await world.sessions.acquire(ref, { purpose: 'reset', ttlMs: TTL_MS, waitMs: WAIT_MS })
  try {
    return await resetNow(world, ref, own ?? taken ?? UNLEASED, request.requestId ?? null)
  } finally {
    await taken?.release()
  }
}

async function resetNow(
  world: World,
  ref: SessionRef,
  lease: Lease,
  requestId: string | null,
): Promise<ResetAnswer> {
  let version = await world.sessions.open(ref)
  for (;;) {
    if (version.messages.length === 0) {
      await refuseWaiting(world, ref, 'manual')
      return { archived: null }
    }
    const result = await startAfresh(world, { ref, version, reason: 'manual', lease, requestId })
    if (result.kind === 'fresh') return { archived: result.archived }
    version = result.newest
  }
}

export type FreshStart =
  | { readonly kind: 'fresh'; readonly version: SessionVersion; readonly archived: string }
  /** Somebody wrote to the session meanwhile. */
  | { readonly kind: 'conflict'; readonly newest: SessionVersion }

/** Refuses the turns that wait for a person, archives a version, then commits an empty one under a new session id. */
export async function startAfresh(
  world: World,
  options: {
    readonly ref: SessionRef
    readonly version: SessionVersion
    readonly reason: 'manual' | 'idle' | 'daily'
    readonly lease: Lease
    readonly requestId: string | null
  },
): Promise<FreshStart> {
  const { ref, version, reason, lease, requestId } = options
  await refuseWaiting(world, ref, reason)
  const archived = await world.sessions.archive(ref, version, reason)
  const now = world.clock.now()
  const result = await world.sessions.commit(
    ref,
    version,
    {
      kind: 'reset',
      sessionId: world.ids.next(),
      messages: [],
      turn: null,
      compactions: 0,
      startedAt: now,
      lastActivityAt: now,
    },
    lease,
  )
  if (result.kind === 'conflict') return result
  world.audit.record({
    event: 'session.reset',
    agent: ref.agent,
    sessionKey: ref.key,
    detail: reason,
    requestId,
    metadata: { archived },
  })
  return { kind: 'fresh', version: result.version, archived }
}
