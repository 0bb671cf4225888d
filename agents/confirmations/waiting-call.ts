import { isoTime } from '../iso-time.ts'
import type { ConfirmationRequest } from '../ports/confirmations.ts'

/** A tool call that waits for a person, as the API and the command line tell of it (chapter 28.2). */
export const waitingCall = (request: ConfirmationRequest) => ({
  trace_id: request.id,
  agent: request.place.agent,
  tool: request.tool,
  args: JSON.parse(request.arguments),
  reason: request.reason,
  expires_at: isoTime(request.expiresAt),
})
