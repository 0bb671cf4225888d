/** A conversation with a claw agent over its `cli` channel (chapter 24.6). */
import { type AskAnswer, ask } from '../agents/claw/ask.ts'
import { channelKey } from '../agents/claw/channels.ts'
import { type CompactAnswer, compact } from '../agents/claw/compact.ts'
import { history } from '../agents/claw/history.ts'
import { resetSession } from '../agents/claw/reset.ts'
import { resumeTurn } from '../agents/claw/resume.ts'
import type { StoredMessage } from '../agents/ports/sessions.ts'
import type { ChannelDecl } from '../bytecode/manifest.ts'
import { type Decision, decide, type WaitingCall, waitingCallOf } from './confirmations.ts'
import type { System } from './system.ts'

export interface Chat {
  /** Session key: `cli_<user>`, or `group_<channel>` where all users share one. */
  readonly key: string
  /** An id for the turn of the next message. */
  newTurn(): string
  ask(request: TurnRequest & { readonly message: string }): Promise<string>
  /** Goes on with an open turn where it broke off. */
  resume(request: TurnRequest): Promise<string>
  /** The turns that have no result: stopped, broken off or waiting for a person. Oldest first. */
  openTurns(): Promise<readonly OpenTurn[]>
  reset(): Promise<void>
  compact(signal: AbortSignal): Promise<CompactAnswer>
  history(): Promise<readonly StoredMessage[]>
}

export interface OpenTurn {
  readonly turn: string
  readonly message: string
}

export interface TurnRequest {
  readonly turn: string
  readonly signal: AbortSignal
  /** Asked about each tool call that needs a person's approval. */
  readonly decideOn: DecideOn
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
    { signal, decideOn }: Omit<TurnRequest, 'turn'>,
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
  const withDecisions = async (request: TurnRequest, work: () => Promise<AskAnswer>): Promise<string> => {
    try {
      return (await work()).response
    } catch (error) {
      return await afterDecisions(error, request)
    }
  }
  const unlimited = (signal: AbortSignal) => ({
    deadlineAt: Number.POSITIVE_INFINITY,
    signal,
    requestId: null,
    holding: [],
  })
  return {
    key,
    newTurn: () => world.ids.next(),
    ask: (request) => {
      const { turn, message, signal } = request
      const incoming = { agent, key, message, turn, isNewTurn: true, ...unlimited(signal) }
      return withDecisions(request, () => ask(world, incoming))
    },
    resume: (request) => {
      const { turn, signal } = request
      return withDecisions(request, () => resumeTurn(world, { agent, key, turn }, unlimited(signal)))
    },
    openTurns: () => world.sessions.openTurns({ agent, key }),
    async reset() {
      await resetSession(world, { agent, key })
    },
    compact: (signal) => compact(world, { agent, key, call: unlimited(signal) }),
    history: () => history(world, { agent, key }),
  }
}
