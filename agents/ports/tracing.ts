/** Traces: what happened within what, and how long it took. Off unless an exporter is configured (docs/observability.md). */

/** Left out where undefined. Never message content, arguments or results: those go to `Span.content`. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface SpanStart {
  /** Of few different values: names of operations, agents, models, routes. */
  readonly name: string
  readonly kind: 'internal' | 'client' | 'server'
  readonly attributes: Attributes
  /** Whether the work failed by throwing this; left out = by throwing anything. */
  isFailure?(error: unknown): boolean
}

export interface Span {
  set(attributes: Attributes): void
  /** What people and models wrote: only asked for, and recorded, where content is to be captured. */
  content(attributes: () => Attributes): void
  /** The work failed without throwing. `type` is a code, such as that of a Fault. */
  fail(type: string): void
}

export interface Tracing {
  /** Does the work within a span, a child of the span it is called in. What the work throws is thrown on. */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>
  /** Does the work as part of another process's trace: `traceparent` as W3C writes it; one that is not well formed counts as none. */
  continued<T>(traceparent: string | null | undefined, work: () => Promise<T>): Promise<T>
  /** `traceparent` of the span it is called in, for another process to go on with; null when there is none. */
  current(): string | null
  /** Sends what has been recorded. Never rejects, and never takes longer than a few seconds. */
  flush(): Promise<void>
}

const NO_SPAN: Span = { set() {}, content() {}, fail() {} }

/** Records nothing and costs nothing. */
export const NO_TRACING: Tracing = {
  span: (_start, work) => work(NO_SPAN),
  continued: (_traceparent, work) => work(),
  current: () => null,
  flush: async () => {},
}
