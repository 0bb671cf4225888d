import { isoTime } from '../../agents/iso-time.ts'
import type { ConfirmationRequest } from '../../agents/ports/confirmations.ts'

/** A confirmation as people see it. */
export const confirmationView = ({
  id,
  place,
  tool,
  reason,
  expiresAt,
  ...request
}: ConfirmationRequest) => ({
  trace_id: id,
  agent: place.agent,
  tool,
  args: JSON.parse(request.arguments),
  reason,
  expires_at: isoTime(expiresAt),
  ...(place.kind === 'turn'
    ? { session_key: place.key, turn_id: place.turn }
    : { run: place.run, iteration: place.iteration }),
})
