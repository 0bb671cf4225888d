import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { unexpected, unsupportedDeclaration } from '../diagnostics/syntax.ts'
import { mistakenWord } from '../diagnostics/words.ts'
import type { SourceFile } from '../source/source-file.ts'
import { expectedWords } from './expected.ts'
import type { Reading } from './grammar.ts'
import { lastBefore, type Outline } from './outline.ts'
import { unsupportedAt } from './unsupported.ts'

const TOKEN = /[A-Za-z_]\w*|\d[\w.]*|f?(?:"""|"|')|=>|->|==|!=|<=|>=|&&|\|\||\|>|\.\.\.|./suy

/** What is wrong where a reading stopped. `index`: the file's place among the program's files. */
export function syntaxError(file: SourceFile, index: number, shape: Outline, reading: Reading): Diagnostic {
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
  const first = /^\w+/.exec(text.slice(item))?.[0] ?? ''
  const last = lastCode(text, shape, farthest)
  const apart = token === '' || /[\r\n]/.test(text.slice(last, farthest))
  const missed = token === '' || (apart && expected.every((word) => CLOSING.has(word)))
  const start = missed ? last : farthest
  const end = start === farthest ? start + token.length : start
  return unexpected({ file: index, start, end }, expected, wording(token), {
    help: mistakenWord({
      token,
      first,
      isSecond: text.slice(item, farthest).trim() === first,
      nameDue: expected.includes('a name'),
    }),
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
    const comment = lastBefore(comments, at)
    if (comment?.end !== at) return at
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
