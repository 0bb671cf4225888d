import { appendFileSync } from 'node:fs'
import type { Settings } from '../settings.ts'
import { fileEnd } from './file-end.ts'
import { type AuditRecord, jsonLine, readableLine } from './record.ts'

/** Where records go. Both may throw what the file system throws. */
export interface AuditSink {
  /** Hash of the record that lies there before the first one of this writer; null = none. */
  predecessor(): string | null
  /** The record is out of this process when this returns. */
  write(record: AuditRecord): void
}

/** Null = nothing is recorded. */
export function auditSink({ auditSink, auditLog, logLevel }: Settings): AuditSink | null {
  switch (auditSink) {
    case 'stderr':
      return logLevel === 'silent' ? null : streamSink(process.stderr, readableLine)
    case 'json':
      return streamSink(process.stdout, jsonLine)
    case 'file':
      return fileSink(auditLog ?? '')
    case 'none':
      return null
  }
}

const streamSink = (stream: NodeJS.WriteStream, line: (record: AuditRecord) => string): AuditSink => ({
  predecessor: () => null,
  write: (record) => void stream.write(`${line(record)}\n`),
})

function fileSink(path: string): AuditSink {
  let needsLook = true
  return {
    predecessor: () => fileEnd(path).head,
    write(record) {
      const start = needsLook && fileEnd(path).torn ? '\n' : ''
      // A write that fails may leave half a line.
      needsLook = true
      appendFileSync(path, `${start}${jsonLine(record)}\n`)
      needsLook = false
    },
  }
}
