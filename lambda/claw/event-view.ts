import type { TurnEvent } from '../../agents/claw/turn-events.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'
import { linksView, placeView, resultView } from './turn-view.ts'

/** An event of a turn; docs/streaming.md lists them. */
export interface EventView {
  readonly id: number
  readonly event: string
  readonly data: object
}

export function eventView(place: TurnPlace, event: TurnEvent): EventView {
  const { id, kind } = event
  switch (kind) {
    case 'turn.started': {
      const data = { ...placeView(place), ...linksView(place), accepted_at: event.acceptedAt }
      return { id, event: kind, data }
    }
    case 'message.done':
      return { id, event: kind, data: { text: event.text } }
    case 'tool.call':
      return { id, event: kind, data: { id: event.callId, name: event.name } }
    case 'confirmation.pending':
      return { id, event: kind, data: event.pending.data }
    case 'tool.result':
      return {
        id,
        event: kind,
        data: {
          id: event.callId,
          name: event.name,
          ok: !event.isError,
          ...(event.isUntrusted ? { untrusted: true } : {}),
        },
      }
    case 'turn.over': {
      const { result } = event
      return { id, event: 'response' in result ? 'turn.done' : 'turn.error', data: resultView(result) }
    }
  }
}
