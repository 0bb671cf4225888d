/** JSON text to a value, strictly by RFC 8259; keys stay in the order of the text, a later duplicate wins. */
import { RuntimeError } from './runtime-error.ts'
import type { Value } from './value.ts'

/** Nesting that reading and writing JSON accept. */
export const MAX_JSON_DEPTH = 500

/** RuntimeError of kind `json` that names the line and column of the first offence. */
export function parseJson(text: string): Value {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

const BLANK = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
/** What a string may hold only in certain forms: escapes and, not at all, most control characters. */
const DELICATE = /[\\\p{Cc}]/u
const WORD = /true|false|null/y

const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null }

class Reader {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  value(depth: number): Value {
    if (depth > MAX_JSON_DEPTH) throw this.problem(`nested deeper than ${MAX_JSON_DEPTH} levels`)
    this.blank()
    const next = this.text[this.at]
    if (next === '{') return this.object(depth)
    if (next === '[') return this.array(depth)
    if (next === '"') return this.string()
    const number = this.take(NUMBER)
    if (number !== null) return Number(number)
    const word = this.take(WORD)
    if (word !== null) return WORDS[word]!
    throw this.problem('expected a value')
  }

  end(): void {
    this.blank()
    if (this.at < this.text.length) throw this.problem('expected the end')
  }

  private object(depth: number): Value {
    const map = new Map<string, Value>()
    this.at += 1
    this.blank()
    if (this.skip('}')) return map
    for (;;) {
      this.blank()
      const key = this.string()
      this.blank()
      if (!this.skip(':')) throw this.problem('expected ":"')
      map.set(key, this.value(depth + 1))
      this.blank()
      if (this.skip('}')) return map
      if (!this.skip(',')) throw this.problem('expected "," or "}"')
    }
  }

  private array(depth: number): Value {
    const list: Value[] = []
    this.at += 1
    this.blank()
    if (this.skip(']')) return list
    for (;;) {
      list.push(this.value(depth + 1))
      this.blank()
      if (this.skip(']')) return list
      if (!this.skip(',')) throw this.problem('expected "," or "]"')
    }
  }

  private string(): string {
    const start = this.at
    const end = endOfString(this.text, start)
    if (end === -1) throw this.problem('expected a string')
    const quoted = this.text.slice(start, end)
    this.at = end
    if (!DELICATE.test(quoted)) return quoted.slice(1, -1)
    try {
      return JSON.parse(quoted) as string
    } catch {
      this.at = start
      throw this.problem('expected a string without raw control characters and unknown escapes')
    }
  }

  private blank(): void {
    this.take(BLANK)
  }

  private skip(character: string): boolean {
    const found = this.text[this.at] === character
    if (found) this.at += 1
    return found
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) return null
    this.at = pattern.lastIndex
    return found[0]
  }

  private problem(expected: string): RuntimeError {
    const before = this.text.slice(0, this.at).split('\n')
    const place = `line ${before.length} column ${before.at(-1)!.length + 1}`
    const found =
      this.at < this.text.length ? JSON.stringify(this.text.slice(this.at, this.at + 12)) : 'the end'
    return new RuntimeError('json', `not JSON: ${expected} at ${place}, found ${found}`)
  }
}

/** Behind the closing quote of the string at `start`; -1 where none is. A pattern would need room for each escape in it. */
function endOfString(text: string, start: number): number {
  if (text[start] !== '"') return -1
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let escapes = quote
    while (text[escapes - 1] === '\\') escapes -= 1
    if ((quote - escapes) % 2 === 0) return quote + 1
  }
  return -1
}
