import type { Audit, AuditEvent } from '../../agents/ports/audit.ts'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { Clock } from '../../agents/ports/time.ts'
import type { Settings } from '../settings.ts'
import { chained, contentOf, type Link } from './record.ts'
import { type AuditSink, auditSink } from './sink.ts'

export interface AuditPorts {
  readonly clock: Clock
  readonly ids: Ids
  readonly hash: Hash
  /** Id of the trace that what is recorded belongs to; null = of none. */
  traceId(): string | null
}

/** The last record of a writer whose process ended by itself. */
export const END = 'audit.end'
/** Says how many records before it could not be written. */
export const LOST = 'audit.lost'

/**
 * Audit records to stderr (readable), to a file or to stdout (JSON lines), or nowhere, as one hash chain
 * (docs/audit.md).
 */
export function systemAudit(settings: Settings, ports: AuditPorts): Audit {
  const sink = auditSink(settings)
  if (sink === null) return { record() {} }
  const write = chainWriter(sink, ports)
  let lost = 0
  let reported = false
  let begun = false
  const writeAll = (event: AuditEvent) => {
    if (lost > 0) write({ event: LOST, agent: null, metadata: { records: lost } })
    lost = 0
    write(event)
    if (!begun) atExit(() => record({ event: END, agent: null }))
    begun = true
  }
  const record = (event: AuditEvent) => {
    try {
      writeAll(event)
    } catch (error) {
      lost += 1
      if (!reported) process.stderr.write(`audit records are being lost: ${(error as Error).message}\n`)
      reported = true
    }
  }
  return { record }
}

/** Writes each event as the next record of one chain; one that cannot be written takes no place in it. */
function chainWriter(
  sink: AuditSink,
  { clock, ids, hash, traceId }: AuditPorts,
): (event: AuditEvent) => void {
  let next: Link | null = null
  return (event) => {
    next ??= { writer: ids.next(), seq: 1, prev: sink.predecessor() }
    const record = chained(contentOf(event, { now: clock.now(), traceId: traceId() }), next, hash)
    sink.write(record)
    next = { writer: record.writer, seq: record.seq + 1, prev: record.hash }
  }
}

const lastWords: (() => void)[] = []

/** One listener for the writers of a process, however many it has. */
function atExit(say: () => void): void {
  if (lastWords.push(say) > 1) return
  process.once('exit', () => {
    for (const last of lastWords) last()
  })
}
