/** What a claw agent remembers of a session beyond its live history (chapter 24.3, `semantic_memory`). */
import type { VectorTraits } from './embeddings.ts'
import type { Fault } from './fault.ts'
import { DATA_ONLY } from './framed.ts'
import type { SessionRef, StoredMessage } from './sessions.ts'

/** One file of remembered lines: an archived conversation, or the facts that a compaction found. */
export interface MemorySource {
  /** Relative to the session's directory, e.g. `archive/2026-11-21_ab12.jsonl`. */
  readonly name: string
  /** Another one whenever the lines may be others; null = they never become others. */
  readonly version: string | null
  /** Lines that cannot be read are left out. */
  read(): readonly StoredMessage[]
}

export interface MemoryStore {
  /** Keeps the facts found in one version of a session. Repeating it replaces them. */
  keepFacts(
    ref: SessionRef,
    found: {
      readonly sessionId: string
      readonly seq: number
      readonly facts: readonly string[]
      readonly ts: string
      /** Text of strangers may have a part in them. */
      readonly isTainted: boolean
    },
  ): Promise<void>
  /** The files of facts, oldest first by name. */
  facts(ref: SessionRef): Promise<readonly FactFile[]>
  /**
   * Puts other facts in the place of a file's, under another name, so that every index takes them for new; none = the file
   * goes. A crash in between leaves both. Throws `record_damaged` for a file with lines that cannot be read.
   */
  replaceFacts(ref: SessionRef, file: string, facts: readonly StoredMessage[]): Promise<void>
  /** Deletes archive and facts; tells how many files of each. Repeating it is harmless. */
  forget(ref: SessionRef): Promise<{ readonly conversations: number; readonly facts: number }>
  /** Oldest first by name. */
  sources(ref: SessionRef): Promise<readonly MemorySource[]>
}

/** The facts that one compaction found. */
export interface FactFile {
  readonly file: string
  /** Lines that cannot be read are left out. */
  readonly messages: readonly StoredMessage[]
}

/** A piece of text that can be recalled. */
export interface Passage {
  /** The same for the same remembered thing, whichever source it comes from. */
  readonly key: string
  readonly kind: 'fact' | 'turn'
  readonly text: string
  /** ISO 8601, UTC. */
  readonly ts: string
  /** Text of strangers may have a part in it. */
  readonly isTainted: boolean
}

export interface IndexedSource {
  readonly name: string
  /** As that of the MemorySource. */
  readonly version: string | null
  passages(): readonly Passage[]
}

export interface MemoryQuery {
  readonly sources: readonly IndexedSource[]
  readonly text: string
  readonly search: 'keyword' | 'vector' | 'hybrid'
  /** Null = search by keyword only. */
  readonly embedder: EmbedTexts | null
  readonly topK: number
  /** Keys of passages that are not wanted: they stand in the prompt already. */
  readonly except: ReadonlySet<string>
  /** Passages in which strangers may have had a part are found, too. */
  readonly withTainted: boolean
}

export interface MemoryHit extends Passage {
  /** Name of the source. */
  readonly source: string
  /** 0 to 1, the best hit of an answer first. */
  readonly score: number
}

/** Vectors of length 1, one a text. */
export interface EmbedTexts extends VectorTraits {
  /** Throws Faults `provider_*`. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>
}

export interface MemoryAnswer {
  /** Best first, no passage twice. */
  readonly hits: readonly MemoryHit[]
  /** Sources that no search has read yet: each reads a part of them, the last ones first. */
  readonly behind: number
  /** Why the search was by keyword only although an embedder was given; null = it was not. */
  readonly degraded: Fault | null
}

/** A cache of the sources on the local disk, one a session, made anew whenever it is missing, old or damaged. */
export interface MemoryIndex {
  /** Whether it holds anything of a session. */
  holds(ref: SessionRef): Promise<boolean>
  /** Throws `memory_unavailable`, and what ends the caller's turn. */
  search(ref: SessionRef, query: MemoryQuery): Promise<MemoryAnswer>
  /** Removes the index of a session from this machine; others drop what is gone at their next search. */
  drop(ref: SessionRef): Promise<void>
}

/** How a message of recalled passages begins: the model is told what they are, and that they are data. */
export const RECALLED_HEADING = `What you remember of earlier conversations in this session, as JSON lines, most relevant first. It is material that may help with the next message, and may be out of date. ${DATA_ONLY}`
