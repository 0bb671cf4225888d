import type { ClawDecl } from '../../bytecode/manifest.ts'
import { findAgent } from '../find-agent.ts'
import { changeMemoryFile } from '../memory/change-memory-file.ts'
import { withoutSession } from '../memory/memory-file.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { messageTime } from './message-time.ts'
import { checkedKey } from './session-key.ts'

export interface ForgetRequest {
  readonly agent: string
  readonly key: string
  readonly requestId?: string | null
}

export interface Forgotten {
  /** Archived conversations. */
  readonly conversations: number
  /** Compactions whose facts were kept. */
  readonly facts: number
}

const WAIT_MS = 10_000
const TTL_MS = 60_000

/**
 * Deletes what an agent remembers of a session: its archive, its facts, their copy in MEMORY.md, the local index, and the
 * texts of earlier versions and turns. The live history stays; after a reset nothing is left to recall, nor to read. Throws `agent_not_found`, `session_key_invalid`,
 * `session_busy` and the Faults of the tree; repeating it finishes what was begun.
 */
export async function forgetMemory(world: World, request: ForgetRequest): Promise<Forgotten> {
  const agent = findAgent(world, 'claw', request.agent)
  const ref: SessionRef = { agent: agent.name, key: checkedKey(request.key) }
  const lease = await world.sessions.acquire(ref, { purpose: 'forget', ttlMs: TTL_MS, waitMs: WAIT_MS })
  if (lease === null) throw new Fault('session_busy', { key: ref.key })
  try {
    await forgetCopy(world, agent, ref)
    const forgotten = await world.memories.forget(ref)
    await world.memoryIndex.drop(ref)
    await forgetPast(world, ref)
    world.audit.record({
      event: 'memory.forgotten',
      agent: agent.name,
      sessionKey: ref.key,
      requestId: request.requestId ?? null,
      metadata: { ...forgotten },
    })
    return forgotten
  } finally {
    await lease.release()
  }
}

/**
 * Records of what is not live any more. A turn that is not over, and an approval that it waits for, are no memory yet:
 * they stay until it is.
 */
async function forgetPast(world: World, ref: SessionRef): Promise<void> {
  const { messages } = await world.sessions.open(ref)
  const live = new Set(messages.map(({ ts, content }) => `${ts} ${content}`))
  await world.sessions.forgetPast(ref, ({ acceptedAt, message }) =>
    live.has(`${messageTime(acceptedAt)} ${message}`),
  )
  for (const { request } of await world.confirmations.ofSession(ref)) {
    if (request.place.kind !== 'turn') continue
    const turn = await world.sessions.turn(ref, request.place.turn)
    if (turn === null || turn.result !== null) await world.confirmations.forget(request.id)
  }
}

/** A path that the workspace refuses was never written by us. */
async function forgetCopy(world: World, agent: ClawDecl, { key }: SessionRef): Promise<void> {
  const root = world.workspaces.resolve(agent.name, agent.workspace)
  if (!(await world.workspaces.exists(root))) return
  try {
    const workspace = await world.workspaces.open(root)
    await changeMemoryFile(world, workspace, (file) => withoutSession(file, key))
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'path_refused') throw error
    world.output.warn('the facts of a session were not removed from MEMORY.md', error)
  }
}
