import { type Fault, faultText } from '../../agents/ports/fault.ts'
import { type Continuation, decide, type WaitingCall, waitingCalls } from '../../runtime/confirmations.ts'
import { apiClient } from '../api-client.ts'
import { CommandError } from '../command-error.ts'
import { localSystem } from '../local-system.ts'

export type Action = 'approve' | 'deny'

/** Where people decide on tool calls that wait for them. */
export interface ConfirmationDesk {
  /** Oldest first. */
  pending(): Promise<readonly WaitingCall[]>
  /** What came of the decision, in words. @throws CommandError when another decision stands */
  decide(id: string, action: Action): Promise<string>
}

const RUN_GOES_ON = 'The run goes on where it runs.'

/** In the files of this machine: a claw agent's turn goes on in this process. `by` is kept with the decision. */
export async function deskHere(
  file: string,
  { by, ...flags }: { readonly by: string; readonly offline?: boolean },
): Promise<ConfirmationDesk> {
  const system = await localSystem(file, flags)
  return {
    pending: () => waitingCalls(system),
    async decide(id, action) {
      const { signal } = new AbortController()
      try {
        const { late, continuation } = await decide(system, { id, action, by, signal })
        if (late !== null) throw new CommandError(faultText(late))
        return continuationText(continuation)
      } finally {
        await system.world.tracing.flush()
      }
    },
  }
}

function continuationText(continuation: Continuation): string {
  switch (continuation.kind) {
    case 'answered':
      return continuation.answer.response
    case 'resumed':
      return RUN_GOES_ON
    case 'failed':
      if (continuation.fault.code === 'confirmation_pending') return nextText(continuation.fault)
      throw notCarriedOut(faultText(continuation.fault))
  }
}

const nextText = (fault: Fault): string => `Next, ${faultText(fault)}`

const notCarriedOut = (why: string): CommandError =>
  new CommandError(`the decision stands, but could not be carried out: ${why}`)

/** On a server, with the admin key of the environment. */
export function deskAt(flags: { readonly url?: string }): ConfirmationDesk {
  const api = apiClient(flags, 'NEAM_ADMIN_KEY')
  return {
    async pending() {
      const { pending } = await api.json('GET', '/api/v1/admin/confirmations')
      return pending as readonly WaitingCall[]
    },
    async decide(id, action) {
      const answer = await api.json('POST', '/api/v1/confirm', { trace_id: id, action })
      const { turn, run } = answer as { readonly turn?: Answered; readonly run?: Answered }
      return answerText(turn ?? run ?? {})
    },
  }
}

/** `turn` or `run` in the answer of the confirm route. */
interface Answered {
  readonly status?: string
  readonly status_url?: string
  readonly response?: string
  readonly message?: string
  readonly tool?: string
  readonly trace_id?: string
}

function answerText({ status, status_url, response, message, tool, trace_id }: Answered): string {
  if (status === 'pending_confirmation')
    return `Next, the tool ${tool} waits for a person (trace id ${trace_id})`
  if (status_url !== undefined) return `The turn goes on in the background: ${status_url}`
  if (status === 'failed') throw notCarriedOut(message ?? 'the server does not say why')
  return response ?? RUN_GOES_ON
}
