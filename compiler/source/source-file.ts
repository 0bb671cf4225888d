/** 1-based; a column is one code point, a tab counts as one. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One file's name and text. Offsets are UTF-16 offsets into `text`, which has no byte order mark. */
export class SourceFile {
  readonly name: string
  readonly text: string
  /** Offset of each line's first character. A line ends with LF, CR LF or CR. */
  readonly #starts: readonly number[]
  /** Offset of the second half of each surrogate pair: two UTF-16 units that are one column. */
  readonly #pairs: readonly number[]

  constructor(name: string, text: string) {
    this.name = name
    this.text = text.startsWith('\uFEFF') ? text.slice(1) : text
    const starts = [0]
    for (const end of this.text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length)
    this.#starts = starts
    this.#pairs = [...this.text.matchAll(/[\u{10000}-\u{10ffff}]/gu)].map(({ index }) => index + 1)
  }

  /** Where an offset lies; one past the end of the text lies behind the last character. */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length))
    const line = countBelow(this.#starts, at + 1)
    const start = this.#starts[line - 1]!
    const pairs = countBelow(this.#pairs, at) - countBelow(this.#pairs, start)
    return { line, column: at - start - pairs + 1 }
  }

  /** Offsets of a line's first character and of its end, without the line break. */
  lineRange(line: number): { readonly start: number; readonly end: number } {
    const start = this.#starts[line - 1] ?? this.text.length
    const next = this.#starts[line] ?? this.text.length
    const end = start + this.text.slice(start, next).replace(/[\r\n]+$/, '').length
    return { start, end }
  }
}

/** How many of some ascending numbers are below a limit. */
function countBelow(ascending: readonly number[], limit: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
