import { isBinary, type Placed, place, spaced } from './spacing.ts'
import { tokenize } from './tokens.ts'

const INDENT = '  '

/**
 * The one canonical layout of a program that parses: two spaces for each line that opens a bracket, one space where a
 * space belongs, at most one blank line, none at the inside of a brace. Line breaks stay where the author put them, and
 * every token and comment stays as it is. Formatting twice changes nothing.
 */
export function format(text: string): string {
  const lines = linesOf(place(tokenize(text.replaceAll('\r\n', '\n'))))
  const out: string[] = []
  /** Of each open bracket: the indentation of the line that opened it, and which line that was. */
  const open: { readonly indent: number; readonly line: number }[] = []
  lines.forEach((line, index) => {
    const closing = leadingClosers(line)
    const outer = open[open.length - closing]
    const base = closing > 0 ? (outer?.indent ?? 0) : open.length === 0 ? 0 : open.at(-1)!.indent + 1
    const indent = base + (closing === 0 && continues(lines[index - 1], line) ? 1 : 0)
    if (line[0]!.newlines > 1 && index > 0 && !opensInside(lines[index - 1]!) && closing === 0) out.push('')
    out.push(INDENT.repeat(indent) + lineText(line))
    for (const token of line) {
      if (token.kind !== 'mark') continue
      // Brackets that one line opens together indent together.
      if ('([{'.includes(token.text))
        open.push({ indent: open.at(-1)?.line === index ? open.at(-1)!.indent : indent, line: index })
      else if (')]}'.includes(token.text)) open.pop()
    }
  })
  return out.length === 0 ? '' : `${out.join('\n')}\n`
}

function linesOf(tokens: readonly Placed[]): Placed[][] {
  const lines: Placed[][] = []
  for (const token of tokens) {
    if (token.newlines > 0 || lines.length === 0) lines.push([token])
    else lines.at(-1)!.push(token)
  }
  return lines
}

function lineText(line: readonly Placed[]): string {
  let text = ''
  line.forEach((token, index) => {
    const before = line[index - 1]
    if (before !== undefined && spaced(before, token)) text += ' '
    text += token.kind === 'comment' ? token.text.trimEnd() : token.text
  })
  return text
}

/** Brackets that the line closes before anything else. */
function leadingClosers(line: readonly Placed[]): number {
  const first = line.findIndex(({ kind, text }) => kind !== 'mark' || !')]}'.includes(text))
  return first === -1 ? line.length : first
}

const lastCode = (line: readonly Placed[]): Placed | undefined =>
  line.findLast(({ kind }) => kind !== 'comment' && kind !== 'block-comment')

const opensInside = (line: readonly Placed[]): boolean => '([{'.includes(lastCode(line)?.text ?? ' ')

/** Whether a line goes on with the statement of the one before; in round and square brackets all lines are alike. */
function continues(before: readonly Placed[] | undefined, line: readonly Placed[]): boolean {
  const first = line[0]!
  if (before === undefined || first.inside === '(' || first.inside === '[') return false
  const last = lastCode(before)
  const goesOn = last !== undefined && isBinary(last) && !last.generic
  const picksUp = (isBinary(first) && !first.unary) || (first.kind === 'mark' && first.text === '.')
  return goesOn || picksUp
}
