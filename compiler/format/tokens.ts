import { outline } from '../syntax/outline.ts'

/** A program's text as tokens, comments included. Only text that parses is formatted, so nothing here can fail. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'comment' | 'block-comment' | 'mark'
  readonly text: string
  /** Offset of its first character. */
  readonly start: number
  /** Line ends between the token before and this one. */
  readonly newlines: number
}

/** Longest first: `=>` is one mark. */
const MARKS = ['...', '=>', '->', '|>', '==', '!=', '<=', '>=', '&&', '||'] as const

/** `panic!(` is a call of a name with a mark. */
const WORD = /panic!(?=\s*\()|[A-Za-z_][A-Za-z0-9_]*/y
/** With a unit of time, in budgets. */
const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+|(?:ms|min|s|h)(?![A-Za-z0-9_]))?/y
const SPACE = /[\s\uFEFF]+/y

/** The tokens of `text`, in order. */
export function tokenize(text: string): Token[] {
  const { comments, strings } = outline(text, Number.POSITIVE_INFINITY)
  const whole = new Map<number, { readonly kind: Token['kind']; readonly end: number }>()
  for (const { start, end } of strings) whole.set(start, { kind: 'string', end })
  for (const { start, end } of comments) {
    whole.set(start, { kind: text.startsWith('//', start) ? 'comment' : 'block-comment', end })
  }
  const tokens: Token[] = []
  let newlines = 0
  for (let at = 0; at < text.length; ) {
    const space = endOf(SPACE, text, at)
    if (space > at) {
      newlines += text.slice(at, space).split('\n').length - 1
      at = space
      continue
    }
    const { kind, end } = whole.get(at) ?? codeToken(text, at)
    tokens.push({ kind, text: text.slice(at, end), start: at, newlines })
    newlines = 0
    at = end
  }
  return tokens
}

function codeToken(text: string, at: number): { readonly kind: Token['kind']; readonly end: number } {
  const word = endOf(WORD, text, at)
  if (word > at) return { kind: 'word', end: word }
  const number = endOf(NUMBER, text, at)
  if (number > at) return { kind: 'number', end: number }
  const mark = MARKS.find((one) => text.startsWith(one, at))
  return { kind: 'mark', end: at + (mark?.length ?? 1) }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
