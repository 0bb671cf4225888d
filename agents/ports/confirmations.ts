/** Approvals of single tool calls by a person (design 5, "Approval"; reliability 2.7). */
import type { SessionRef } from './sessions.ts'

/** What waits for the decision. */
export type ConfirmationPlace =
  /** A claw agent's turn, at the step (0-based) that is the tool call. */
  | {
      readonly kind: 'turn'
      readonly agent: string
      readonly key: string
      readonly turn: string
      readonly step: number
    }
  /** A forge run; `nth` (0-based) counts equal calls within one try of the iteration. */
  | {
      readonly kind: 'run'
      readonly agent: string
      readonly run: string
      readonly iteration: number
      readonly nth: number
    }

export interface ConfirmationRequest {
  /** Trace id: 32 hexadecimal digits, a hash of place, tool and arguments. */
  readonly id: string
  readonly place: ConfirmationPlace
  readonly tool: string
  /** JSON text of an object: what the tool gets when it is approved. */
  readonly arguments: string
  /** Why a person is asked. */
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly requestedAt: number
  /** Milliseconds since 1970. Undecided by then = denied. */
  readonly expiresAt: number
  readonly requestId: string | null
}

/** A call as a person reads it: nothing in it can hide, or look like something else, on a terminal. */
export const shownCall = (tool: string, args: unknown): string => visible(`${tool} ${JSON.stringify(args)}`)

/** A text in which each invisible or control character is written out: `\u202e`. */
export const visible = (text: string): string =>
  text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Control characters, and marks that change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

export interface ConfirmationDecision {
  /** `expire`: nobody decided in time. */
  readonly action: 'approve' | 'deny' | 'expire'
  /** Fingerprint of the key, or name of the user; for the records. */
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Confirmation {
  readonly request: ConfirmationRequest
  /** Null: still pending. */
  readonly decision: ConfirmationDecision | null
}

/** What an approved call gave, as the model gets it. */
export interface ApprovedResult {
  readonly content: string
  readonly isError: boolean
  /** Strangers may have written the content. */
  readonly untrusted?: true
}

export interface ConfirmationStore {
  /** Keeps the request unless it is known; what stands is returned. It is pending until it is decided. */
  open(request: ConfirmationRequest): Promise<Confirmation & { readonly opened: boolean }>
  /** Null: no such request. */
  get(id: string): Promise<Confirmation | null>
  /** The first decision of a kept request stands; `won` = it is this one. */
  decide(
    id: string,
    decision: ConfirmationDecision,
  ): Promise<{ readonly won: boolean; readonly decision: ConfirmationDecision }>
  /** Spends an approval, right before its tool runs. False: it was spent before. */
  spend(id: string): Promise<boolean>
  /** Keeps what the tool gave, before it is used. The first stands. */
  keepResult(id: string, result: ApprovedResult): Promise<void>
  /** Null: the tool never came to its end. */
  result(id: string): Promise<ApprovedResult | null>
  /** Keeps the newest token by which the driver of a waiting run is woken. */
  keepTaskToken(id: string, token: string): Promise<void>
  /** Null: nothing is to be woken; whoever waits looks by itself. */
  taskToken(id: string): Promise<string | null>
  /** Requests of turns of a session, decided or not. */
  ofSession(ref: SessionRef): Promise<readonly Confirmation[]>
  /** Deletes the arguments and the result of a call; who decided what about which tool is kept. */
  forget(id: string): Promise<void>
  /** Undecided requests, oldest first, expired ones included. */
  pending(): Promise<readonly Confirmation[]>
}
