import { lastBefore, type Outline } from './outline.ts'

/** First words of what stands at the top level of a file; `let`, `emit` and blocks only count unindented. */
const DECLARATION =
  /^(?:pub\s+(?:\(\w+\)\s*)?)?(?:(?:claw|forge)\s+agent|agent|skill|guard|channel|budget|policy|struct|mut\s+struct|sealed|trait|impl|extend)\s+[A-Za-z_]\w*[^\n;]*\{|^(?:pub\s+)?fun\s+[A-Za-z_]\w*\s*\(|^guardchain\s+[A-Za-z_]\w*\s*=|^import\s+["']/
const STATEMENT = /^(?:let|const|emit)\s|^\{\s*$/

/**
 * Where reading goes on after an error: at the next line that begins a declaration and is not indented deeper
 * than the broken item, or behind the line that closes it. The text's length if there is none.
 */
export function resume(text: string, { comments, strings }: Outline, item: number, error: number): number {
  const isInside = (offset: number): boolean =>
    [comments, strings].some((ranges) => (lastBefore(ranges, offset)?.end ?? 0) > offset)
  const indent = indentAt(text, item)
  let at = lineEnd(text, error)
  while (at < text.length) {
    const end = lineEnd(text, at + 1)
    const line = text.slice(at + 1, end)
    const column = line.search(/\S/)
    const start = at + 1 + Math.max(0, column)
    if (column >= 0 && column <= indent && !isInside(start)) {
      const code = line.slice(column)
      if (DECLARATION.test(code) || (column === 0 && STATEMENT.test(code))) return start
      if (/^\};?\s*(?:\/\/.*)?\r?$/.test(code)) return start + (code.startsWith('};') ? 2 : 1)
    }
    at = end
  }
  return text.length
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function indentAt(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /\S/.test(text.slice(start, offset)) ? 0 : offset - start
}
