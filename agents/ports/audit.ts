/** One audit record (behaviour D3). Never holds message content or keys. */
export interface AuditEvent {
  /** `agent.invoke`, `tool.call`, `guard.block`, `forge.start`, `session.reset`, `admin.disable`, ... */
  readonly event: string
  readonly agent: string | null
  readonly tool?: string
  readonly detail?: string
  readonly requestId?: string | null
  readonly sessionKey?: string
  readonly run?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface Audit {
  /** Never throws: a failing sink is reported once on stderr. */
  record(event: AuditEvent): void
}
