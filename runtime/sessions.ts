/** Sessions from the command line: what the HTTP API does, on a tree at hand. */
import { type Forgotten, forgetMemory } from '../agents/claw/forget.ts'
import { repairSession } from '../agents/claw/repair.ts'
import { resetSession } from '../agents/claw/reset.ts'
import { exportSession, listSessions, readArchive, type SessionView } from '../agents/claw/sessions.ts'
import { agentsOf } from '../agents/find-agent.ts'
import { faultText } from '../agents/ports/fault.ts'
import type { SessionRef, StoredMessage } from '../agents/ports/sessions.ts'
import type { System } from './system.ts'

export interface ListedSession extends SessionView {
  readonly agent: string
}

const PAGE = 1000

/** Sessions of one claw agent, or of all. Throws `agent_not_found`. */
export async function* sessionsOf({ world }: System, agent: string | null): AsyncGenerator<ListedSession> {
  const names = agent === null ? agentsOf(world, 'claw').map(({ name }) => name) : [agent]
  for (const name of names) {
    let after: string | null = null
    do {
      const page = await listSessions(world, { agent: name, after, limit: PAGE })
      for (const session of page.sessions) yield { agent: name, ...session }
      after = page.next
    } while (after !== null)
  }
}

/** One session, all of an agent, or all. Throws `agent_not_found`. */
export async function* refsOf(
  system: System,
  agent: string | null,
  key: string | null,
): AsyncGenerator<SessionRef> {
  if (agent !== null && key !== null) yield { agent, key }
  else for await (const one of sessionsOf(system, agent)) yield { agent: one.agent, key: one.session_key }
}

/** Lines of `{role, content, ts}`: the live history. Throws `agent_not_found`, `session_key_invalid`. */
export const messagesOf = async ({ world }: System, ref: SessionRef): Promise<readonly StoredMessage[]> =>
  (await exportSession(world, ref)).messages

/** Whether anything was ever written to a session: a message in hand does not count. Throws as `messagesOf`. */
export const isWritten = async ({ world }: System, ref: SessionRef): Promise<boolean> =>
  (await exportSession(world, ref)).session_id !== ''

/** A session with the messages of all its archives, as one JSON value. Throws as `messagesOf`. */
export async function wholeSession({ world }: System, ref: SessionRef): Promise<object> {
  const { archives, ...session } = await exportSession(world, ref)
  return {
    ...session,
    archives: await Promise.all(
      archives.map(async (archive) => ({
        ...archive,
        ...((await readArchive(world, { ...ref, file: archive.file })) ?? { messages: null }),
      })),
    ),
  }
}

/** The name of the archive, null when there was nothing to archive. Throws as `messagesOf`. */
export const archiveSession = async ({ world }: System, ref: SessionRef): Promise<string | null> =>
  (await resetSession(world, ref)).archived

/** Deletes all texts of a session but the live history. Throws as `forgetMemory`. */
export const forgetSession = ({ world }: System, ref: SessionRef): Promise<Forgotten> =>
  forgetMemory(world, ref)

export interface Repair {
  readonly agent: string
  readonly session_key: string
  readonly turn_id: string
  readonly accepted_at: string
  readonly status: 'completed' | 'orphaned' | 'failed'
  /** The answer, or why there is none. */
  readonly text: string
}

/** Goes on with the turns of sessions that a crash has left open. Throws as `messagesOf`. */
export async function* repairs(
  system: System,
  sessions: AsyncIterable<SessionRef> | Iterable<SessionRef>,
  signal: AbortSignal,
): AsyncGenerator<Repair> {
  for await (const ref of sessions) {
    const request = { ...ref, deadlineAt: Number.POSITIVE_INFINITY, signal }
    for (const { turn, acceptedAt, end } of await repairSession(system.world, request)) {
      yield {
        agent: ref.agent,
        session_key: ref.key,
        turn_id: turn,
        accepted_at: acceptedAt,
        status: end.kind === 'answered' ? end.answer.status : 'failed',
        text: end.kind === 'answered' ? end.answer.response : faultText(end.fault),
      }
    }
  }
}
