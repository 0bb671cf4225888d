import type { ClawDecl } from '../../bytecode/manifest.ts'
import { isoTime } from '../iso-time.ts'
import { changeMemoryFile } from '../memory/change-memory-file.ts'
import { withFacts } from '../memory/memory-file.ts'
import { summarize } from '../memory/summary.ts'
import { Fault } from '../ports/fault.ts'
import type { Lease, SessionRef, SessionVersion, StoredMessage } from '../ports/sessions.ts'
import { taintedIf } from '../ports/tainted.ts'
import { asFault } from '../turn/as-fault.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'
import { compactableTurns } from './compactable-turns.ts'
import { historyTurns } from './history-turns.ts'
import { messageTime } from './message-time.ts'

/** Commits that may come in between before the compaction gives up. */
const MAX_CONFLICTS = 20

/** Marks the message in the session file; what follows is the summary. */
const SUMMARY_MARK = '[Session Summary] '

export interface CompactionRequest {
  readonly agent: ClawDecl
  readonly ref: SessionRef
  readonly version: SessionVersion
  readonly lease: Lease
  readonly call: Pick<CallContext, 'deadlineAt' | 'signal' | 'requestId' | 'handOver'>
}

export interface Compacted {
  readonly version: SessionVersion
  readonly turnsBefore: number
  readonly turnsAfter: number
  /** Characters. */
  readonly summaryLength: number
}

/**
 * Replaces the oldest turns of a session by their summary (chapter 24.5): facts into MEMORY.md, the old version into
 * the archive, then one commit. Facts in which strangers may have had a part are quarantined: kept, marked, and neither
 * in MEMORY.md nor in prompts (decision 010). An earlier summary goes into the new one. Null: there is nothing to
 * summarize, or somebody else has compacted or reset the session meanwhile. Throws what the model call and the tree
 * throw; the history is then as it was.
 */
export async function compactVersion(world: World, request: CompactionRequest): Promise<Compacted | null> {
  try {
    return await compactNow(world, request)
  } catch (error) {
    const fault = asFault(error, request.call.signal)
    if (!isPutOff(fault)) record(world, request, 'session.compaction_failed', fault.code, {})
    throw fault
  }
}

/** The compaction has not failed: whoever goes on with the turn makes it. */
export const isPutOff = ({ code }: Fault): boolean => code === 'turn_handed_over' || code === 'stopped'

async function compactNow(world: World, request: CompactionRequest): Promise<Compacted | null> {
  const { agent, ref, version, call } = request
  const { preamble, turns } = historyTurns(version.messages)
  const count = compactableTurns(turns.length, agent.session.maxHistoryTurns)
  if (count === 0) return null
  const old = [...preamble, ...turns.slice(0, count).flat()]
  const { text, facts, tokens, cost } = await summarize(world, { agent, call, messages: old })
  const time = messageTime(isoTime(world.clock.now()))
  const isTainted = old.some(({ tainted }) => tainted)
  if (facts.length > 0 && agent.semanticMemory?.flushOnCompact !== false) {
    const { sessionId, seq } = version
    await world.memories.keepFacts(ref, { sessionId, seq, facts, ts: time, isTainted })
    if (isTainted) record(world, request, 'memory.quarantined', undefined, { facts: facts.length })
    else await copyFacts(world, request, facts, time)
  }
  await world.sessions.archive(ref, version, 'compaction')
  const summary: StoredMessage = {
    role: 'system',
    content: `${SUMMARY_MARK}${text}`,
    ts: time,
    ...taintedIf(isTainted),
  }
  const committed = await replaceOldest(world, request, old.length, summary)
  if (committed === null) return null
  const turnsAfter = historyTurns(committed.messages).turns.length
  const compacted = {
    version: committed,
    turnsBefore: turnsAfter + count,
    turnsAfter,
    summaryLength: text.length,
  }
  record(world, request, 'session.compacted', undefined, {
    turns_before: compacted.turnsBefore,
    turns_after: turnsAfter,
    summary_length: text.length,
    facts: facts.length,
    tokens,
    cost,
  })
  return compacted
}

/**
 * The flush of chapter 28.2, a copy for people to read. A path that the workspace refuses (a link, a file grown too large) will be refused for
 * ever, so it keeps no session from being compacted; a failing disk does.
 */
async function copyFacts(
  world: World,
  { agent, ref }: CompactionRequest,
  facts: readonly string[],
  time: string,
): Promise<void> {
  try {
    const workspace = await world.workspaces.open(world.workspaces.resolve(agent.name, agent.workspace))
    await changeMemoryFile(world, workspace, (file) => withFacts(file, ref.key, facts, time))
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'path_refused') throw error
    world.output.warn('the facts of a session were not kept in MEMORY.md', error)
  }
}

/**
 * Commits the summary in the place of the first `old` messages. Turns that were committed meanwhile stay behind it,
 * without another model call. Null: the messages are no longer there to be replaced.
 */
async function replaceOldest(
  world: World,
  { ref, version, lease }: CompactionRequest,
  old: number,
  summary: StoredMessage,
): Promise<SessionVersion | null> {
  let base = version
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const { sessionId, startedAt, lastActivityAt } = base
    const result = await world.sessions.commit(
      ref,
      base,
      {
        kind: 'compact',
        sessionId,
        messages: [summary, ...base.messages.slice(old)],
        turn: null,
        compactions: base.compactions + 1,
        startedAt,
        lastActivityAt,
      },
      lease,
    )
    if (result.kind === 'committed') return result.version
    base = result.newest
    if (base.sessionId !== version.sessionId || base.compactions !== version.compactions) return null
  }
  throw new Fault('session_busy', { key: ref.key })
}

const record = (
  world: World,
  { agent, ref, call }: CompactionRequest,
  event: string,
  detail: string | undefined,
  metadata: Readonly<Record<string, unknown>>,
): void =>
  world.audit.record({
    event,
    agent: agent.name,
    sessionKey: ref.key,
    requestId: call.requestId,
    metadata,
    ...(detail === undefined ? {} : { detail }),
  })
