import type { SourceFile } from '../source/source-file.ts'
import { outline } from '../syntax/outline.ts'
import type { Diagnostic } from './diagnostic.ts'

export interface RenderOptions {
  /** ANSI colours; default false. */
  readonly color?: boolean
}

/** Longest excerpt of a line, in columns; a longer line is shown around the marked place. */
const MAX_WIDTH = 140
const TAB = '    '

const RESET = '\u001b[0m'
const BOLD = '\u001b[1m'
const RED = '\u001b[1;31m'
const YELLOW = '\u001b[1;33m'
const BLUE = '\u001b[1;34m'

/** All diagnostics in the order given, one blank line between two, a line break at the end; '' for none. */
export function renderAll(
  diagnostics: readonly Diagnostic[],
  files: readonly SourceFile[],
  options: RenderOptions = {},
): string {
  return diagnostics.map((diagnostic) => `${render(diagnostic, files, options)}\n`).join('\n')
}

/**
 * One diagnostic in the shape of chapters 24.8 and 25.9: header, place, the source line without its trailing
 * comment, carets with the label, then help and notes. No line break at the end.
 */
export function render(
  diagnostic: Diagnostic,
  files: readonly SourceFile[],
  { color = false }: RenderOptions = {},
): string {
  const paint = (code: string, text: string) => (color && text !== '' ? `${code}${text}${RESET}` : text)
  const accent = diagnostic.severity === 'error' ? RED : YELLOW
  const head =
    paint(accent, `${diagnostic.severity}[${diagnostic.code}]`) +
    paint(BOLD, `: ${visible(diagnostic.message)}`)
  const file = files[diagnostic.span.file]
  if (!file) return [head, ...remarks(diagnostic, '')].join('\n')

  const { line, column } = file.position(diagnostic.span.start)
  const margin = ' '.repeat(String(line).length)
  const gutter = paint(BLUE, `${margin} |`)
  const { source, indent, carets } = excerpt(file, line, diagnostic)
  const [first = '', ...others] = diagnostic.label.map(visible)
  const marks = paint(accent, `${'^'.repeat(carets)}${first === '' ? '' : ` ${first}`}`)
  const wrapped = others.map((text) => `${gutter} ${indent}${' '.repeat(carets + 1)}${paint(accent, text)}`)
  return [
    head,
    `${margin}${paint(BLUE, '-->')} ${file.name}:${line}:${column}`,
    gutter,
    `${paint(BLUE, `${line} |`)} ${source}`.trimEnd(),
    `${gutter} ${indent}${marks}`,
    ...wrapped,
    ...remarks(diagnostic, margin, (text) => paint(BLUE, text)),
  ].join('\n')
}

function remarks({ help, notes }: Diagnostic, margin: string, paint = (text: string) => text): string[] {
  const lines = [...(help === null ? [] : [`help: ${help}`]), ...notes.map((note) => `note: ${note}`)]
  return lines.map((line) => `${margin} ${paint('=')} ${visible(line)}`)
}

/** The source line as it is shown, the blanks before the carets, and their number. */
function excerpt(file: SourceFile, line: number, { span }: Diagnostic) {
  const { start, end: lineEnd } = file.lineRange(line)
  const comment = commentsOf(file).find((range) => range.start >= span.end && range.start < lineEnd)
  const trailing = comment !== undefined && comment.end >= lineEnd && span.end <= comment.start
  const end = trailing ? comment.start : lineEnd

  const before = shown(file.text.slice(start, span.start))
  const marked = shown(file.text.slice(span.start, Math.min(span.end, lineEnd)))
  const after = shown(file.text.slice(Math.min(span.end, lineEnd), end)).trimEnd()
  const carets = Math.max(1, Math.min(width(marked), MAX_WIDTH))

  const head = cut(before, MAX_WIDTH / 2, 'left')
  const tail = cut(marked + after, MAX_WIDTH - width(head), 'right')
  return { source: head + tail, indent: ' '.repeat(width(head)), carets }
}

const comments = new WeakMap<SourceFile, readonly { start: number; end: number }[]>()

function commentsOf(file: SourceFile) {
  const known = comments.get(file) ?? outline(file.text, Number.POSITIVE_INFINITY).comments
  comments.set(file, known)
  return known
}

/** Tabs as blanks, and nothing that a terminal would obey. */
const shown = (text: string): string => visible(text.replaceAll('\t', TAB))

/** Control characters and bidirectional overrides would let a program's text repaint the terminal. */
const visible = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters to be shown harmless
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const INVISIBLE = /\p{Mn}|\p{Cf}/u

/** Columns that a terminal gives the text. */
function width(text: string): number {
  let columns = 0
  for (const character of text) columns += INVISIBLE.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

function cut(text: string, columns: number, side: 'left' | 'right'): string {
  const characters = [...text]
  if (characters.length <= columns) return text
  return side === 'left'
    ? `...${characters.slice(characters.length - columns + 3).join('')}`
    : `${characters.slice(0, columns - 3).join('')}...`
}
