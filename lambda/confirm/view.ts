import { waitingCall } from '../../agents/confirmations/waiting-call.ts'
import type { ConfirmationPlace, ConfirmationRequest } from '../../agents/ports/confirmations.ts'

/** A confirmation as people see it. */
export const confirmationView = (request: ConfirmationRequest) => ({
  ...waitingCall(request),
  ...placeView(request.place),
})

const placeView = (place: ConfirmationPlace) =>
  place.kind === 'turn'
    ? { session_key: place.key, turn_id: place.turn }
    : { run: place.run, iteration: place.iteration }
