import type { Lease, SessionRef } from '../ports/sessions.ts'
import type { HeldSession } from '../turn/call-context.ts'

/**
 * The lease of one who has none. It keeps others from wasted work and decides nothing: that is done by the version
 * number at each commit.
 */
export const UNLEASED: Lease = { epoch: 0, release: async () => {} }

/** The lease on a session that the turns above hold, or null. */
export const heldLease = (holding: readonly HeldSession[] = [], ref: SessionRef): Lease | null =>
  holding.find((held) => held.ref.agent === ref.agent && held.ref.key === ref.key)?.lease ?? null
