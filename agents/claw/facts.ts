import { findAgent } from '../find-agent.ts'
import { changeMemoryFile } from '../memory/change-memory-file.ts'
import { withFacts, withoutFact } from '../memory/memory-file.ts'
import { passageKey } from '../memory/passages.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionRef, StoredMessage } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import { checkedKey } from './session-key.ts'

/** Something that a compaction found worth remembering. */
export interface Fact {
  /** The same for as long as the fact is kept. */
  readonly id: string
  readonly text: string
  /** When it was found, ISO 8601. */
  readonly found_at: string
  /** Strangers may have had a part in it, and nobody has approved it: it is not recalled. */
  readonly quarantined: boolean
}

export interface FactRequest extends SessionRef {
  readonly id: string
  /** Who decides, for the records. */
  readonly by: string
  readonly requestId?: string | null
}

const WAIT_MS = 10_000
const TTL_MS = 60_000
const ID_LENGTH = 16

/** What a session remembers as facts, the oldest first. Throws `agent_not_found`, `session_key_invalid`. */
export async function listFacts(world: World, request: SessionRef): Promise<readonly Fact[]> {
  const files = await world.memories.facts(refOf(world, request))
  return files.flatMap(({ messages }) => messages.map((message) => factOf(world, message)))
}

/**
 * Takes a fact out of quarantine: it is recalled from now on, and copied to MEMORY.md. Repeating it is harmless. Throws
 * `agent_not_found`, `session_key_invalid`, `fact_not_found`, `session_busy` and the Faults of the tree.
 */
export async function approveFact(world: World, request: FactRequest): Promise<Fact> {
  return await withFact(world, request, 'memory.approved', async (ref, { file, messages, found }) => {
    const { tainted, ...approved } = found
    if (tainted) await world.memories.replaceFacts(ref, file, replaced(messages, found, [approved]))
    const { content, ts } = approved
    await changeCopy(world, ref, (copy) => withFacts(copy, ref.key, [content], ts))
    return approved
  })
}

/** Deletes one fact and its copy in MEMORY.md; the conversation it came from stays. Throws as `approveFact`. */
export async function forgetFact(world: World, request: FactRequest): Promise<Fact> {
  return await withFact(world, request, 'memory.fact_forgotten', async (ref, { file, messages, found }) => {
    await changeCopy(world, ref, (copy) => withoutFact(copy, ref.key, found.content))
    await world.memories.replaceFacts(ref, file, replaced(messages, found, []))
    await world.memoryIndex.drop(ref)
    return found
  })
}

interface Found {
  readonly file: string
  readonly messages: readonly StoredMessage[]
  readonly found: StoredMessage
}

/** Does something with one fact while nobody else writes to the session, and notes it. */
async function withFact(
  world: World,
  request: FactRequest,
  event: string,
  work: (ref: SessionRef, found: Found) => Promise<StoredMessage>,
): Promise<Fact> {
  const ref = refOf(world, request)
  const lease = await world.sessions.acquire(ref, { purpose: 'facts', ttlMs: TTL_MS, waitMs: WAIT_MS })
  if (lease === null) throw new Fault('session_busy', { key: ref.key })
  try {
    const fact = factOf(world, await work(ref, await find(world, ref, request.id)))
    world.audit.record({
      event,
      agent: ref.agent,
      sessionKey: ref.key,
      requestId: request.requestId ?? null,
      metadata: { fact: fact.id, by: request.by },
    })
    return fact
  } finally {
    await lease.release()
  }
}

async function find(world: World, ref: SessionRef, id: string): Promise<Found> {
  for (const { file, messages } of await world.memories.facts(ref)) {
    const found = messages.find((message) => factOf(world, message).id === id)
    if (found !== undefined) return { file, messages, found }
  }
  throw new Fault('fact_not_found', { fact: id })
}

const refOf = (world: World, { agent, key }: SessionRef): SessionRef => ({
  agent: findAgent(world, 'claw', agent).name,
  key: checkedKey(key),
})

const factOf = ({ hash }: World, message: StoredMessage): Fact => ({
  id: passageKey(message, hash).slice(0, ID_LENGTH),
  text: message.content,
  found_at: message.ts,
  quarantined: message.tainted === true,
})

const replaced = (
  messages: readonly StoredMessage[],
  old: StoredMessage,
  by: readonly StoredMessage[],
): readonly StoredMessage[] => messages.flatMap((message) => (message === old ? by : [message]))

/** A path that the workspace refuses keeps nobody from deciding: MEMORY.md is a copy. */
async function changeCopy(
  world: World,
  { agent }: SessionRef,
  change: (file: string) => string,
): Promise<void> {
  const { name, workspace } = findAgent(world, 'claw', agent)
  try {
    await changeMemoryFile(
      world,
      await world.workspaces.open(world.workspaces.resolve(name, workspace)),
      change,
    )
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'path_refused') throw error
    world.output.warn('MEMORY.md was left as it is', error)
  }
}
