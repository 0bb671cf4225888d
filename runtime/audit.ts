import { appendFileSync } from 'node:fs'
import type { Audit, AuditEvent } from '../agents/ports/audit.ts'
import type { Clock } from '../agents/ports/time.ts'
import type { Settings } from './settings.ts'

/** Names in lower case with underscores, as behaviour D3 prints them; absent values are left out. */
const recordOf = (event: AuditEvent, nowMs: number): Readonly<Record<string, unknown>> => ({
  timestamp: new Date(nowMs).toISOString(),
  event: event.event,
  agent: event.agent,
  ...(event.tool === undefined ? {} : { tool: event.tool }),
  ...(event.detail === undefined ? {} : { detail: event.detail }),
  ...(event.sessionKey === undefined ? {} : { session_key: event.sessionKey }),
  ...(event.run === undefined ? {} : { run_id: event.run }),
  ...(event.requestId === undefined ? {} : { request_id: event.requestId }),
  ...(event.metadata === undefined ? {} : { metadata: event.metadata }),
})

const readable = (record: Readonly<Record<string, unknown>>): string => {
  const { timestamp, event, ...rest } = record
  const details = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `[audit] ${timestamp} ${event} ${details.join(' ')}`.trimEnd()
}

/** Audit records to stderr (readable), to a file or to stdout (JSON lines), or nowhere. */
export function systemAudit(settings: Settings, clock: Clock): Audit {
  let reported = false
  const write = (event: AuditEvent) => {
    const record = recordOf(event, clock.now())
    switch (settings.auditSink) {
      case 'stderr':
        return process.stderr.write(`${readable(record)}\n`)
      case 'json':
        return process.stdout.write(`${JSON.stringify(record)}\n`)
      case 'none':
        return true
      case 'file':
        return appendFileSync(settings.auditLog ?? '', `${JSON.stringify(record)}\n`)
    }
  }
  return {
    record(event) {
      if (settings.logLevel === 'silent' && settings.auditSink === 'stderr') return
      try {
        write(event)
      } catch (error) {
        if (!reported) process.stderr.write(`audit records are being lost: ${(error as Error).message}\n`)
        reported = true
      }
    },
  }
}
