import type { Hash } from '../../agents/ports/ids.ts'
import { END, LOST } from './audit.ts'
import type { AuditLine } from './lines.ts'
import { type AuditRecord, hashOf, parseRecord, recordWithin } from './record.ts'

export interface Place {
  readonly file: string
  readonly line: number
}

/** What is wrong, where. `place` of a removal is the line before which something is missing; null = at no line. */
export type AuditProblem = { readonly place: Place | null } & (
  | { readonly code: 'foreign_line' }
  | { readonly code: 'changed'; readonly writer: string; readonly seq: number }
  /** The record names another one as the one before it: one of the two was replaced. */
  | { readonly code: 'replaced'; readonly writer: string; readonly seq: number; readonly before: Place }
  | { readonly code: 'reordered'; readonly writer: string; readonly seq: number }
  | { readonly code: 'inserted'; readonly writer: string; readonly seq: number; readonly first: Place }
  | { readonly code: 'removed'; readonly writer: string; readonly from: number; readonly to: number }
  /** The last record that a writer found in its file is not there. */
  | { readonly code: 'predecessor_missing'; readonly writer: string; readonly hash: string }
  | { readonly code: 'head_missing'; readonly hash: string }
)

/** What one writer left. */
export interface AuditChain {
  readonly writer: string
  readonly records: number
  /** ISO times of its first and last record. */
  readonly from: string
  readonly to: string
  /** Hash of its last record. */
  readonly head: string
  /** False: the writer still runs, was killed, or its last records were cut off. */
  readonly ended: boolean
}

export interface AuditVerdict {
  readonly records: number
  readonly chains: readonly AuditChain[]
  readonly problems: readonly AuditProblem[]
  /** Half lines, as a process leaves that is killed, or whose disk is full, while it writes. */
  readonly unfinished: readonly Place[]
}

export interface VerifyOptions {
  readonly hash: Hash
  /** The lines are those of a log: others stand among them, records may come twice, and their order means nothing. */
  readonly log: boolean
  /** Older records are elsewhere: chains may begin after their first record. */
  readonly continued: boolean
  /** Hashes of records that must be there: heads that were noted before. */
  readonly heads: readonly string[]
}

interface Entry extends Pick<AuditRecord, 'writer' | 'seq' | 'prev' | 'hash' | 'event' | 'timestamp'> {
  readonly place: Place
  readonly sound: boolean
}

/** Holds records against their chains; the lines of several files come one file after the other, oldest first. */
export async function verifyAudit(
  lines: AsyncIterable<AuditLine>,
  options: VerifyOptions,
): Promise<AuditVerdict> {
  const { entries, foreign, unfinished } = await readEntries(lines, options)
  const known = new Set(entries.map(({ hash }) => hash))
  const chains = [...Map.groupBy(entries, ({ writer }) => writer).values()]
  const problems = [
    ...foreign.map((place): AuditProblem => ({ code: 'foreign_line', place })),
    ...chains.flatMap((chain) => problemsOf(chain, known, options)),
    ...options.heads
      .filter((hash) => !known.has(hash))
      .map((hash): AuditProblem => ({ code: 'head_missing', place: null, hash })),
  ]
  return { records: entries.length, chains: chains.map(shapeOf), problems, unfinished }
}

interface Read {
  readonly entries: readonly Entry[]
  readonly foreign: readonly Place[]
  readonly unfinished: readonly Place[]
}

async function readEntries(lines: AsyncIterable<AuditLine>, { hash, log }: VerifyOptions): Promise<Read> {
  const entries: Entry[] = []
  const foreign: Place[] = []
  const unfinished: Place[] = []
  /** A line that may be half of one: what follows tells. */
  let half: Place | null = null
  for await (const { file, line, text, whole } of lines) {
    if (text.trim() === '') continue
    const place = { file, line }
    const record = log ? recordWithin(text) : parseRecord(text)
    if (half !== null) (record !== null && isAfterHalf(record) ? unfinished : foreign).push(half)
    half = null
    if (record === null) {
      if (log) continue
      if (!isHalf(text)) foreign.push(place)
      else if (whole) half = place
      else unfinished.push(place)
      continue
    }
    const { writer, seq, prev, event, timestamp } = record
    const sound = hashOf(record, hash) === record.hash
    entries.push({ writer, seq, prev, hash: record.hash, event, timestamp, place, sound })
  }
  if (half !== null) foreign.push(half)
  return { entries, foreign, unfinished }
}

const START = '{"agent":'
const isHalf = (text: string): boolean => text.startsWith(START) || START.startsWith(text)

/** Who finds a half line, or has left one, begins with such a record. */
const isAfterHalf = ({ seq, event }: AuditRecord): boolean => seq === 1 || event === LOST

function problemsOf(
  chain: readonly Entry[],
  known: ReadonlySet<string>,
  { log, continued }: VerifyOptions,
): readonly AuditProblem[] {
  const entries = log ? inOrder(chain) : chain
  const present = new Set(entries.filter(({ sound }) => sound).map(({ seq }) => seq))
  const seen = new Map<number, Entry>()
  const problems: AuditProblem[] = []
  let expected = continued ? (entries[0]?.seq ?? 1) : 1
  for (const entry of entries) {
    const { writer, seq, prev, place } = entry
    if (!entry.sound) {
      problems.push({ code: 'changed', place, writer, seq })
      // One whose number no other has stands for the record that was expected: its number may be what was changed.
      if (!present.has(seq)) seen.set(expected++, entry)
      continue
    }
    const same = seen.get(seq)
    if (same?.sound) {
      problems.push({ code: 'inserted', place, writer, seq, first: same.place })
      continue
    }
    if (seq < expected) problems.push({ code: 'reordered', place, writer, seq })
    else problems.push(...gaps(entry, expected, present))
    const before = seen.get(seq - 1)
    if (before?.sound && before.hash !== prev)
      problems.push({ code: 'replaced', place, writer, seq, before: before.place })
    if (seq === 1 && prev !== null && !known.has(prev) && !continued)
      problems.push({ code: 'predecessor_missing', place, writer, hash: prev })
    seen.set(seq, entry)
    expected = Math.max(expected, seq + 1)
  }
  return problems
}

/** Records from `expected` on that come neither before this one nor later. */
function gaps({ writer, seq, place }: Entry, expected: number, present: ReadonlySet<number>): AuditProblem[] {
  if (seq === expected) return []
  const later = [...present].filter((one) => one >= expected && one < seq).sort((a, b) => a - b)
  return [...later, seq].flatMap((to, index): AuditProblem[] => {
    const from = index === 0 ? expected : later[index - 1]! + 1
    return from === to ? [] : [{ code: 'removed', place, writer, from, to: to - 1 }]
  })
}

/** By number, each once: exports of logs keep neither order nor count. */
const inOrder = (chain: readonly Entry[]): readonly Entry[] =>
  [...new Map(chain.map((entry) => [`${entry.seq} ${entry.hash} ${entry.sound}`, entry])).values()].sort(
    (a, b) => a.seq - b.seq,
  )

function shapeOf(chain: readonly Entry[]): AuditChain {
  const first = chain[0]!
  const last = chain.reduce((a, b) => (b.seq >= a.seq ? b : a))
  return {
    writer: first.writer,
    records: chain.length,
    from: first.timestamp,
    to: last.timestamp,
    head: last.hash,
    ended: last.event === END,
  }
}
