import type { ClawDecl } from '../../bytecode/manifest.ts'
import { findAgent } from '../find-agent.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { compactVersion } from './compact-version.ts'
import { dueReset } from './due-reset.ts'
import { heldLease, UNLEASED } from './held-lease.ts'
import { historyTurns } from './history-turns.ts'
import { checkedKey } from './session-key.ts'

export interface CompactRequest {
  readonly agent: string
  /** Null = all sessions of the agent. */
  readonly key: string | null
  readonly call: Pick<CallContext, 'deadlineAt' | 'signal' | 'requestId' | 'holding'>
}

/** Sums over the sessions, as chapter 28.2 shows them. */
export interface CompactAnswer {
  /** `not_needed`: no session had turns to summarize. */
  readonly status: 'compacted' | 'not_needed'
  readonly turnsBefore: number
  readonly turnsAfter: number
  /** Characters. */
  readonly summaryLength: number
}

/**
 * Compaction on request (`.compact()` and chapter 28.2), whatever the size of the history. It does not wait for a
 * running turn: what that one adds stays behind the summary. An agent with `compaction: "disabled"` is never
 * compacted, and a session that its next message resets is empty already. Throws `agent_not_found`,
 * `session_key_invalid`, and of the first session that fails what the model call and the tree throw; those before it
 * stay compacted.
 */
export async function compact(world: World, request: CompactRequest): Promise<CompactAnswer> {
  const agent = findAgent(world, 'claw', request.agent)
  const keys =
    request.key === null
      ? (await world.sessions.list(agent.name)).map(({ key }) => key)
      : [checkedKey(request.key)]
  let sum: CompactAnswer = { status: 'not_needed', turnsBefore: 0, turnsAfter: 0, summaryLength: 0 }
  for (const key of keys) {
    const answer = await compactSession(world, agent, { agent: agent.name, key }, request.call)
    sum = {
      status: answer.status === 'compacted' ? 'compacted' : sum.status,
      turnsBefore: sum.turnsBefore + answer.turnsBefore,
      turnsAfter: sum.turnsAfter + answer.turnsAfter,
      summaryLength: sum.summaryLength + answer.summaryLength,
    }
  }
  return sum
}

async function compactSession(
  world: World,
  agent: ClawDecl,
  ref: SessionRef,
  call: CompactRequest['call'],
): Promise<CompactAnswer> {
  const version = await world.sessions.open(ref)
  const isDue = dueReset(agent.session, version, world.clock.now()) !== null
  const turns = isDue ? 0 : historyTurns(version.messages).turns.length
  const compacted =
    isDue || agent.session.compaction === 'disabled'
      ? null
      : await compactVersion(world, {
          agent,
          ref,
          version,
          lease: heldLease(call.holding, ref) ?? UNLEASED,
          call,
        })
  if (compacted === null) {
    return { status: 'not_needed', turnsBefore: turns, turnsAfter: turns, summaryLength: 0 }
  }
  const { turnsBefore, turnsAfter, summaryLength } = compacted
  return { status: 'compacted', turnsBefore, turnsAfter, summaryLength }
}
