import type { SourceFile } from '../source/source-file.ts'
import type { Span } from '../syntax/ast.ts'
import type { Code } from './codes.ts'

export type Severity = 'error' | 'warning'

/** One thing to say about a program: a value. `render.ts` draws it; `toJson` hands it to tools. */
export interface Diagnostic {
  /** `E4001`; a warning's begins with `W`. `docs/errors/<code>.md` explains it. */
  readonly code: Code
  readonly severity: Severity
  readonly span: Span
  /** What is wrong, in one line. */
  readonly message: string
  /** Stands beside the marked place, one entry a line. */
  readonly label: readonly string[]
  /** What to do about it. */
  readonly help: string | null
  readonly notes: readonly string[]
}

/** What a builder may say besides code, place and message. */
export interface Details {
  readonly label?: string | readonly string[]
  readonly help?: string | null
  readonly notes?: readonly string[]
}

/** `severity` follows from the code's first letter. */
export function diagnostic(code: Code, span: Span, message: string, details: Details = {}): Diagnostic {
  const { label = [], help = null, notes = [] } = details
  return {
    code,
    severity: code.startsWith('W') ? 'warning' : 'error',
    span,
    message,
    label: typeof label === 'string' ? [label] : label,
    help,
    notes,
  }
}

export const isError = ({ severity }: Diagnostic): boolean => severity === 'error'

/** A copy in reading order: by file, then place, then code. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      a.span.file - b.span.file ||
      a.span.start - b.span.start ||
      (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  )
}

/** Lines and columns are 1-based; the end is exclusive. */
export interface DiagnosticJson {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly label: string
  readonly help: string | null
  readonly notes: readonly string[]
}

/** The diagnostic with its place worked out, as plain data. */
export function toJson(diagnostic: Diagnostic, files: readonly SourceFile[]): DiagnosticJson {
  const { code, severity, span, message, label, help, notes } = diagnostic
  const file = files[span.file]
  const start = file?.position(span.start) ?? { line: 1, column: 1 }
  const end = file?.position(span.end) ?? start
  return {
    code,
    severity,
    message,
    file: file?.name ?? '',
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    label: label.join(' '),
    help,
    notes,
  }
}
