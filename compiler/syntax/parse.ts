import { type Diagnostic, sorted } from '../diagnostics/diagnostic.ts'
import {
  nestedTooDeeply,
  sourceTooLarge,
  unexpected,
  unsupportedDeclaration,
  unterminatedComment,
  unterminatedString,
} from '../diagnostics/syntax.ts'
import { mistakenWord } from '../diagnostics/words.ts'
import type { SourceFile } from '../source/source-file.ts'
import type { Item, ProgramNode, Span } from './ast.ts'
import { expectedWords } from './expected.ts'
import { type Reading, readItems } from './grammar.ts'
import { type Outline, outline } from './outline.ts'
import { resume } from './recovery.ts'
import { validate } from './validate.ts'

/** Characters in one file. */
export const MAX_SOURCE = 1_048_576
/** Brackets inside one another. */
export const MAX_NESTING = 256
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
      diagnostics.push(nestedTooDeeply(span(from, from + 1), MAX_NESTING))
      break
    }
    items.push(...reading.items)
    if (reading.end === text.length) break
    if (reading.farthest >= endOfSense) {
      diagnostics.push(unterminatedString(span(endOfSense, endOfSense + 1)))
      break
    }
    diagnostics.push(syntaxError(file, index, shape, reading))
    from = resume(text, shape, reading.end, reading.farthest)
  }
  return { program: { items }, diagnostics: sorted([...diagnostics, ...validate(items)]) }
}

const failed = (diagnostic: Diagnostic): Parsed => ({ program: { items: [] }, diagnostics: [diagnostic] })

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

const TOKEN = /[A-Za-z_]\w*|\d[\w.]*|f?(?:"""|"|')|=>|->|==|!=|<=|>=|&&|\|\||\|>|\.\.\.|./suy

function syntaxError(file: SourceFile, index: number, shape: Outline, reading: Reading): Diagnostic {
  const { text } = file
  const { farthest, end: item } = reading
  const unsupported = unsupportedAt(text, item)
  if (unsupported) {
    const span = { file: index, start: item, end: item + unsupported.word.length }
    return unsupportedDeclaration(span, unsupported.word, unsupported.help)
  }
  TOKEN.lastIndex = farthest
  const token = TOKEN.exec(text)?.[0] ?? ''
  const expected = expectedWords(reading.expected)
  const last = lastCode(text, shape, farthest)
  const apart = token === '' || /[\r\n]/.test(text.slice(last, farthest))
  const missed = token === '' || (apart && expected.every((word) => CLOSING.has(word)))
  const start = missed ? last : farthest
  const end = start === farthest ? start + token.length : start
  return unexpected({ file: index, start, end }, expected, wording(token), {
    help: mistakenWord(token, /^\w+/.exec(text.slice(item))?.[0] ?? '', expected.includes('a name')),
    notes: notes(file, shape, farthest, token === ''),
  })
}

/** What is missed at the end of what stands before it, not where the next thing begins. */
const CLOSING = new Set(['`;`', '`,`', '`)`', '`]`', '`}`'])

function wording(token: string): string {
  if (token === '') return 'the end of the file'
  return /^f?["']/.test(token) ? 'a string' : `\`${token}\``
}

/** End of the last code before an offset: white space and comments left out. */
function lastCode(text: string, { comments }: Outline, offset: number): number {
  let at = offset
  for (;;) {
    while (at > 0 && /\s/.test(text[at - 1]!)) at--
    const comment = comments.find((range) => range.end === at)
    if (!comment) return at
    at = comment.start
  }
}

function notes(file: SourceFile, { strings, unclosed }: Outline, offset: number, atEnd: boolean): string[] {
  const found: string[] = []
  const line = (at: number) => file.position(at).line
  const before = strings.findLast((range) => range.end <= offset)
  if (before && line(before.start) < line(before.end) && line(before.end) === line(offset)) {
    found.push(`the string that ends on this line began on line ${line(before.start)}`)
  }
  if (atEnd && unclosed !== null) {
    found.push(`the \`${file.text[unclosed]}\` on line ${line(unclosed)} is not closed`)
  }
  return found
}

/** Declarations of the wider language that this implementation does not have, each with what to use instead. */
const UNSUPPORTED: Readonly<Record<string, string | null>> = {
  tool: 'declare a `skill`',
  extern: 'declare a `skill` with an `impl`',
  mcp_server: 'declare a `skill` that does the work',
  adopt: 'declare a `skill` that does the work',
  env: 'read the environment with `env_get("NAME")`',
  memory: 'give a claw agent a `semantic_memory` block',
  knowledge: 'give a claw agent a `semantic_memory` block',
  test: null,
  suite: null,
  module: 'leave it out; files are joined with `import "./file.neam";`',
  type: 'leave it out; annotations are not checked',
  enum: 'declare a `sealed` type',
  class: 'declare a `struct` and an `impl`',
  record: 'declare a `struct`',
  capability: null,
  connector: null,
  runner: null,
  pipeline: null,
  dispatch: null,
  parallel: 'run agents side by side with `dag_execute`',
  plan: null,
  world_model: null,
  voice: null,
}

function unsupportedAt(text: string, offset: number): { word: string; help: string | null } | null {
  const match = /^([a-z_]+)\s+(?:[A-Za-z_][\w.]*|"[^"\n]*")\s*[{;=]/.exec(text.slice(offset, offset + 200))
  const word = match?.[1] ?? ''
  return Object.hasOwn(UNSUPPORTED, word) ? { word, help: UNSUPPORTED[word] ?? null } : null
}
