/** A conversation with a claw agent over its `cli` channel (chapter 24.6). */
import { ask } from '../agents/claw/ask.ts'
import { channelKey } from '../agents/claw/channels.ts'
import { type CompactAnswer, compact } from '../agents/claw/compact.ts'
import { history } from '../agents/claw/history.ts'
import { resetSession } from '../agents/claw/reset.ts'
import type { StoredMessage } from '../agents/ports/sessions.ts'
import type { ChannelDecl } from '../bytecode/manifest.ts'
import { type Decision, decide, type WaitingCall, waitingCallOf } from './confirmations.ts'
import type { System } from './system.ts'

export interface Chat {
  /** Session key: `cli_<user>`, or `group_<channel>` where all users share one. */
  readonly key: string
  /** A tool call that needs a person's approval is decided in between. */
  ask(message: string, signal: AbortSignal, decideOn: DecideOn): Promise<string>
  reset(): Promise<void>
  compact(signal: AbortSignal): Promise<CompactAnswer>
  history(): Promise<readonly StoredMessage[]>
}

/** A person's decision on a tool call; null = not now: the turn waits, and `confirmation_pending` says so. */
export type DecideOn = (call: WaitingCall) => Promise<Decision['action'] | null>

/** Throws the Faults of asking when it is asked, none before. */
export function openChat(system: System, agent: string, channel: ChannelDecl, user: string): Chat {
  const { world } = system
  const key = channelKey(channel, user)
  /** Goes on with a turn that waits, call by call, as long as somebody decides. */
  const afterDecisions = async (
    error: unknown,
    { signal, decideOn }: { readonly signal: AbortSignal; readonly decideOn: DecideOn },
  ): Promise<string> => {
    const call = await waitingCallOf(system, error)
    const action = await decideOn(call)
    if (action === null) throw error
    // Whoever was faster: the decision that stands has been carried out.
    const { continuation } = await decide(system, { id: call.trace_id, action, by: `user ${user}`, signal })
    if (continuation.kind === 'answered') return continuation.answer.response
    if (continuation.kind === 'failed') return await afterDecisions(continuation.fault, { signal, decideOn })
    throw error
  }
  return {
    key,
    async ask(message, signal, decideOn) {
      try {
        const deadlineAt = Number.POSITIVE_INFINITY
        return (await ask(world, { agent, key, message, deadlineAt, signal })).response
      } catch (error) {
        return await afterDecisions(error, { signal, decideOn })
      }
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
