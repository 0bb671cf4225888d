import { type Diagnostic, sorted } from '../diagnostics/diagnostic.ts'
import {
  nestedTooDeeply,
  sourceTooLarge,
  unterminatedComment,
  unterminatedString,
} from '../diagnostics/syntax.ts'
import type { SourceFile } from '../source/source-file.ts'
import type { Item, ProgramNode, Span } from './ast.ts'
import { type Reading, readItems } from './grammar.ts'
import { outline } from './outline.ts'
import { resume } from './recovery.ts'
import { MAX_TREE_DEPTH, survey } from './survey.ts'
import { syntaxError } from './syntax-error.ts'

/** Characters in one file. */
export const MAX_SOURCE = 1_048_576
/** Brackets inside one another. */
const MAX_NESTING = 256
/** Errors reported of one file; more would be echoes. */
const MAX_ERRORS = 20

export interface Parsed {
  /** Holds every item that could be read. */
  readonly program: ProgramNode
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads one file. After an error it goes on at the next declaration, so that two broken ones give two errors. */
export function parse(file: SourceFile, index: number): Parsed {
  const { text } = file
  const span = (start: number, end: number): Span => ({ file: index, start, end })
  if (text.length > MAX_SOURCE) {
    return failed(sourceTooLarge(span(0, 1), text.length, MAX_SOURCE))
  }
  const shape = outline(text, MAX_NESTING)
  if (shape.tooDeep !== null) {
    return failed(nestedTooDeeply(span(shape.tooDeep, shape.tooDeep + 1), MAX_NESTING))
  }
  if (shape.unterminated?.kind === 'comment') {
    const { start } = shape.unterminated
    return failed(unterminatedComment(span(start, start + 2)))
  }

  const items: Item[] = []
  const diagnostics: Diagnostic[] = []
  const endOfSense = shape.unterminated?.start ?? text.length + 1
  let from = 0
  while (from < text.length && diagnostics.length < MAX_ERRORS) {
    const reading = attempt(text, index, from)
    if (reading === null) {
      diagnostics.push(nestedTooDeeply(span(from, from + 1), MAX_TREE_DEPTH))
      break
    }
    for (const item of reading.items) items.push(item)
    if (reading.end === text.length) break
    if (reading.farthest >= endOfSense) {
      diagnostics.push(unterminatedString(span(endOfSense, endOfSense + 1)))
      break
    }
    diagnostics.push(syntaxError(file, index, shape, reading))
    from = resume(text, shape, reading.end, reading.farthest)
  }
  const { program, diagnostics: disallowed } = survey(items)
  return { program, diagnostics: sorted([...diagnostics, ...disallowed]) }
}

const failed = (diagnostic: Diagnostic): Parsed => ({
  program: { items: [], blocks: [], callables: [] },
  diagnostics: [diagnostic],
})

/**
 * null: deeper than the call stack. Brackets are counted beforehand; chains without brackets (`not not ...`,
 * `else if ... else if ...`) are not, and only the stack bounds them.
 */
function attempt(text: string, index: number, from: number): Reading | null {
  try {
    return readItems(text, index, from)
  } catch (error) {
    if (error instanceof Error && error.name === 'RangeError') return null
    throw error
  }
}
