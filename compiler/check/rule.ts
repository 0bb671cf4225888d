import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Span } from '../syntax/ast.ts'
import type { Visitor } from './code/walk.ts'
import type { Declarations } from './declarations.ts'

export interface Context {
  readonly declarations: Declarations
  /** Names of the functions that the VM has. */
  readonly natives: ReadonlySet<string>
  /** `file:line:column` of a span's start, for notes. */
  place(span: Span): string
  /** 1-based line of a span's start. */
  line(span: Span): number
  report(diagnostic: Diagnostic): void
}

/** One thing that may be wrong with a program. Reports it wherever it is so; must not throw. */
export type Rule = (context: Context) => void

/** One that looks at the code. All such rules of a phase go through it together. */
export type CodeRule = (context: Context) => Visitor
