/** Half-open, in UTF-16 offsets. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** The last of some ranges, in the order of the text, that begins before an offset. */
export function lastBefore(ranges: readonly Range[], offset: number): Range | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle]!.start < offset) low = middle + 1
    else high = middle
  }
  return ranges[low - 1]
}

/** Where a text's comments and strings lie: what can be known of it before it is parsed, and when it cannot be. */
export interface Outline {
  readonly comments: readonly Range[]
  /** Outermost string literals; an f-string's range includes its holes. */
  readonly strings: readonly Range[]
  /** Offset of the first bracket that is nested deeper than the limit. */
  readonly tooDeep: number | null
  /** Offset of the innermost bracket that is still open at the end. */
  readonly unclosed: number | null
  /** What begins at `start` and never ends. */
  readonly unterminated: { readonly kind: 'string' | 'comment'; readonly start: number } | null
}

interface OpenString {
  readonly kind: 'string'
  readonly start: number
  readonly quote: string
  readonly format: boolean
}

/** The code of a file, or of one hole of an f-string. */
interface OpenCode {
  readonly kind: 'code'
  /** Offsets of the brackets open in it. */
  readonly brackets: number[]
}

const QUOTE = /f?("""|"|')/y

/** Of a letter, a digit or `_`. */
const isWordCode = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Reads a text once, in linear time and without recursion, however broken it is. */
export function outline(text: string, maxDepth: number): Outline {
  const comments: Range[] = []
  const strings: Range[] = []
  const open: (OpenString | OpenCode)[] = [{ kind: 'code', brackets: [] }]
  let tooDeep: number | null = null
  let depth = 0
  let at = 0

  const enter = (offset: number) => {
    depth++
    if (depth > maxDepth) tooDeep ??= offset
  }
  const endOf = (needle: string, from: number) => {
    const found = text.indexOf(needle, from)
    return found < 0 ? text.length : found
  }

  while (at < text.length) {
    const inside = open[open.length - 1]!
    const character = text[at]!
    if (inside.kind === 'string') {
      if (character === '\\') {
        at += 2
      } else if (text.startsWith(inside.quote, at)) {
        at += inside.quote.length
        open.pop()
        if (open.length === 1) strings.push({ start: inside.start, end: at })
      } else if (inside.format && character === '{' && text[at + 1] === '{') {
        at += 2
      } else {
        if (inside.format && character === '{') {
          enter(at)
          open.push({ kind: 'code', brackets: [] })
        }
        at++
      }
      continue
    }
    if (character === '/' && text[at + 1] === '/') {
      const start = at
      while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++
      comments.push({ start, end: at })
      continue
    }
    if (character === '/' && text[at + 1] === '*') {
      const end = endOf('*/', at + 2)
      if (end === text.length) {
        const unterminated = { kind: 'comment', start: at } as const
        return { comments, strings, tooDeep, unclosed: null, unterminated }
      }
      comments.push({ start: at, end: end + 2 })
      at = end + 2
      continue
    }
    const quote = '"\'f'.includes(character) ? matchAt(QUOTE, text, at) : null
    if (quote) {
      open.push({ kind: 'string', start: at, quote: quote[1]!, format: character === 'f' })
      at += quote[0].length
      continue
    }
    if (isWordCode(text.charCodeAt(at))) {
      // Digits count as words: neither begins a string.
      at++
      while (isWordCode(text.charCodeAt(at))) at++
      continue
    }
    if ('([{'.includes(character)) {
      enter(at)
      inside.brackets.push(at)
    } else if (')]}'.includes(character)) {
      depth = Math.max(0, depth - 1)
      if (inside.brackets.pop() === undefined && character === '}' && open.length > 1) open.pop()
    }
    at++
  }
  const string = open.find((entry) => entry.kind === 'string')
  const [code] = open
  return {
    comments,
    strings,
    tooDeep,
    unclosed: code?.kind === 'code' ? (code.brackets.at(-1) ?? null) : null,
    unterminated: string === undefined ? null : { kind: 'string', start: string.start },
  }
}
