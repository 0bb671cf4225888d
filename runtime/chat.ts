/** A conversation with a claw agent over its `cli` channel (chapter 24.6). */
import { ask } from '../agents/claw/ask.ts'
import { type CompactAnswer, compact } from '../agents/claw/compact.ts'
import { history } from '../agents/claw/history.ts'
import { resetSession } from '../agents/claw/reset.ts'
import type { StoredMessage } from '../agents/ports/sessions.ts'
import type { ChannelDecl } from '../bytecode/manifest.ts'
import type { System } from './system.ts'

export interface Chat {
  /** Session key: `cli_<user>`, or `group_<channel>` where all users share one. */
  readonly key: string
  ask(message: string, signal: AbortSignal): Promise<string>
  reset(): Promise<void>
  compact(signal: AbortSignal): Promise<CompactAnswer>
  history(): Promise<readonly StoredMessage[]>
}

/** Throws the Faults of asking when it is asked, none before. */
export function openChat(system: System, agent: string, channel: ChannelDecl, user: string): Chat {
  const { world } = system
  const key = channel.policy === 'group' ? `group_${channel.name}` : `cli_${user}`
  return {
    key,
    async ask(message, signal) {
      const { response } = await ask(world, {
        agent,
        key,
        message,
        deadlineAt: Number.POSITIVE_INFINITY,
        signal,
      })
      return response
    },
    async reset() {
      await resetSession(world, { agent, key })
    },
    compact: (signal) =>
      compact(world, {
        agent,
        key,
        call: { deadlineAt: Number.POSITIVE_INFINITY, signal, requestId: null, holding: [] },
      }),
    history: () => history(world, { agent, key }),
  }
}
