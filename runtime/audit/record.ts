import { canonicalJson } from '../../agents/canonical-json.ts'
import type { AuditEvent } from '../../agents/ports/audit.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import { isJson } from '../../stores/tree/records.ts'

/** What one record says: names in lower case with underscores, as behaviour D3 prints them. */
export type RecordContent = Readonly<Record<string, unknown>>

/** The place of a record in the chain of its writer. */
export interface Link {
  /** One sink of one process, from its first record on. */
  readonly writer: string
  /** 1 for the first record of a writer, then one more each. */
  readonly seq: number
  /** Hash of the record before; of a writer's first one, of the record it found last in its file, null if there was none. */
  readonly prev: string | null
}

/** A record as it is written. */
export interface AuditRecord extends Link {
  readonly timestamp: string
  readonly event: string
  /** SHA-256 of all else, as JSON with sorted keys, in lower-case hex. */
  readonly hash: string
  readonly [name: string]: unknown
}

/** Names in lower case with underscores; absent values are left out. */
export const contentOf = (
  event: AuditEvent,
  { now, traceId }: { readonly now: number; readonly traceId: string | null },
): RecordContent => ({
  timestamp: new Date(now).toISOString(),
  event: event.event,
  agent: event.agent,
  ...(event.tool === undefined ? {} : { tool: event.tool }),
  ...(event.detail === undefined ? {} : { detail: event.detail }),
  ...(event.sessionKey === undefined ? {} : { session_key: event.sessionKey }),
  ...(event.run === undefined ? {} : { run_id: event.run }),
  ...(event.requestId === undefined ? {} : { request_id: event.requestId }),
  ...(traceId === null ? {} : { trace_id: traceId }),
  ...(event.metadata === undefined ? {} : { metadata: event.metadata }),
})

export function chained(content: RecordContent, link: Link, hash: Hash): AuditRecord {
  const whole = { ...content, ...link }
  return { ...whole, hash: hash.sha256(canonicalJson(whole)) } as AuditRecord
}

/** The hash that a record must have. */
export function hashOf({ hash: _claimed, ...whole }: AuditRecord, hash: Hash): string {
  return hash.sha256(canonicalJson(whole))
}

/** One line of JSON, keys sorted. */
export const jsonLine = (record: AuditRecord): string => canonicalJson(record)

const MARK = '[audit] '

/** One line for people, which `parseRecord` reads back. */
export function readableLine({ timestamp, event, ...rest }: AuditRecord): string {
  const { metadata, writer, seq, prev, hash, ...content } = rest
  // `metadata` may hold anything: it is found again by the field behind it.
  const fields = { ...content, ...(metadata === undefined ? {} : { metadata }), writer, seq, prev, hash }
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${shownValue(value)}`)
  return `${MARK}${timestamp} ${event} ${shown.join(' ')}`
}

/** Text that reads like no other JSON value stands without quotes. */
const shownValue = (value: unknown): string =>
  typeof value === 'string' && /^[\w./:@+-]+$/.test(value) && !isJson(value) ? value : JSON.stringify(value)

const FIELD = / ([a-z_]+)=("(?:[^"\\]|\\.)*"|\{.*\}(?= writer=)|[^\s"{]\S*)/y

function readReadable(text: string): unknown {
  const [head] = /^\[audit\] \S+ \S+/.exec(text) ?? ['']
  const [, timestamp, event] = head.split(' ')
  const record: Record<string, unknown> = { timestamp, event }
  FIELD.lastIndex = head.length
  for (let field = FIELD.exec(text); field !== null; field = FIELD.exec(text)) {
    const [, name = '', value = ''] = field
    record[name] = isJson(value) ? JSON.parse(value) : value
  }
  return record
}

/** The record of a line in which nothing else stands; null = it is none. */
export function parseRecord(text: string): AuditRecord | null {
  if (text.startsWith(MARK)) return asRecord(readReadable(text))
  return isJson(text) ? asRecord(JSON.parse(text)) : null
}

/**
 * The record within a line of a log: behind a time stamp or a stream's name, or as the `message` of a JSON event.
 * Null = there is none.
 */
export function recordWithin(line: string): AuditRecord | null {
  const text = line.trim()
  const mark = text.indexOf(MARK)
  const brace = text.indexOf('{')
  if (brace >= 0 && isJson(text.slice(brace))) {
    const value: unknown = JSON.parse(text.slice(brace))
    const record = asRecord(value)
    if (record !== null) return record
    if (isObject(value) && typeof value.message === 'string') return recordWithin(value.message)
  }
  return mark < 0 ? null : parseRecord(text.slice(mark))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function asRecord(value: unknown): AuditRecord | null {
  if (!isObject(value)) return null
  const { writer, seq, prev, hash, event, timestamp } = value
  const texts = [writer, hash, event, timestamp]
  return texts.every((one) => typeof one === 'string') &&
    Number.isSafeInteger(seq) &&
    (prev === null || typeof prev === 'string')
    ? (value as AuditRecord)
    : null
}
