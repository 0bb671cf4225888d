import type { ClawDecl } from '../../bytecode/manifest.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { Lease, SessionRef, SessionVersion, TurnRecord } from '../ports/sessions.ts'
import type { Span } from '../ports/tracing.ts'
import type { CallContext, HeldSession } from '../turn/call-context.ts'
import type { Scene } from '../turn/scene.ts'
import type { ToolLoopResult } from '../turn/tool-loop.ts'
import type { World } from '../world.ts'

/** A turn as it enters the pipeline. Each stage adds what it found out. */
export interface IncomingTurn {
  readonly world: World
  readonly agent: ClawDecl
  readonly ref: SessionRef
  /** Turn id. */
  readonly id: string
  readonly message: string
  /** Hash of what the caller sent; null = unknown. */
  readonly fingerprint: string | null
  /** Lane asked for, null = the default one. */
  readonly lane: string | null
  readonly startedAt: number
  /** When its message first came in, ms since 1970: before `startedAt` for a turn that is taken up again. */
  readonly cameInAt: number
  readonly call: CallContext
  readonly ledger: TurnLedger
  /** Of the agent's work on it. */
  readonly span: Span
}

/** What must be undone or written down however the turn ends. The one part of a turn that changes. */
export interface TurnLedger {
  /** The intent is stored: from here on the turn must be closed. */
  accepted: boolean
  /** Sessions held for calls nested in this turn; the list that `call.holding` is. */
  readonly holding: HeldSession[]
  /** Leases and slots, newest last. */
  readonly held: (() => Promise<void>)[]
}

/** After stage 1: nothing stands against the message. */
export interface ClearedTurn extends IncomingTurn {
  readonly scene: Scene
}

/** After stage 2: accepted, alone on its session, resets done. */
export interface OpenTurn extends ClearedTurn {
  readonly version: SessionVersion
  readonly lease: Lease
  /** ISO 8601; of the first try. */
  readonly acceptedAt: string
  /** What an earlier try of the turn has recorded, null for a new one. */
  readonly earlier: TurnRecord | null
}

/** After stage 3. */
export interface BriefedTurn extends OpenTurn {
  /** Of the history among the messages. */
  readonly historyTokens: number
  readonly messages: readonly ModelMessage[]
}

/** After stage 4. */
export interface WorkedTurn extends BriefedTurn {
  readonly work: ToolLoopResult
}

/** What the caller gets. */
export interface AskAnswer {
  readonly turn: string
  readonly response: string
  /** `orphaned`: the session was reset meanwhile; the answer is not in its history. */
  readonly status: 'completed' | 'orphaned'
  /** Tokens in and out of all model calls of the turn; 0 for an orphaned turn that is asked for again. */
  readonly tokens: number
  /** USD. */
  readonly cost: number
  readonly latencyMs: number
  /** Text of strangers may have a part in the response. */
  readonly isTainted: boolean
}
