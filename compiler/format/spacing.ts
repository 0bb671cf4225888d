import type { Token } from './tokens.ts'

/** Words after which an expression begins, so that what follows is no call, index or second operand. */
const BEFORE_EXPRESSION = new Set([
  'return',
  'emit',
  'throw',
  'in',
  'and',
  'or',
  'not',
  'if',
  'while',
  'for',
  'match',
  'else',
  'catch',
  'try',
  'let',
  'const',
])
const OPENING = new Set(['(', '[', '{'])
const BINARY = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '=',
  '=>',
  '->',
  '|>',
])

export const isBinary = (token: Token | undefined): boolean =>
  token?.kind === 'mark' && BINARY.has(token.text)

/** What the layout knows of a token beyond its text. */
export interface Placed extends Token {
  /** `-` or `!` of one operand. */
  readonly unary: boolean
  /** The `with` of `point with (x: 1)`. */
  readonly copies: boolean
  /** `<` or `>` around the types of a type: `list<string>`. */
  readonly generic: boolean
  /** A word behind a dot: a name, whatever word it is. */
  readonly member: boolean
  /** The dot of `3 .4`, an index of a number: without its space the text would be another number. */
  readonly parts: boolean
  /** The innermost bracket around it, "" at the top. */
  readonly inside: string
}

const endsOperand = (token: Placed | undefined): boolean => {
  if (token === undefined) return false
  if (token.kind === 'word') return token.member || !BEFORE_EXPRESSION.has(token.text)
  if (token.kind === 'mark')
    return token.text === ')' || token.text === ']' || token.text === '}' || token.text === '?'
  return token.kind === 'number' || token.kind === 'string'
}

/** The tokens with what their neighbours tell of them. */
export function place(tokens: readonly Token[]): Placed[] {
  const code = tokens.filter(({ kind }) => kind !== 'comment' && kind !== 'block-comment')
  const generic = genericMarks(code)
  const placed: Placed[] = []
  const open: string[] = []
  let before: Placed | undefined
  for (const [index, token] of tokens.entries()) {
    const isMark = token.kind === 'mark'
    if (isMark && (token.text === ')' || token.text === ']' || token.text === '}')) open.pop()
    const known: Placed = {
      ...token,
      unary: isMark && (token.text === '-' || token.text === '!') && !endsOperand(before),
      copies: token.kind === 'word' && token.text === 'with' && endsOperand(before),
      generic: generic.has(token),
      member: token.kind === 'word' && before?.text === '.',
      parts: token.text === '.' && before?.kind === 'number' && tokens[index + 1]?.kind === 'number',
      inside: open.at(-1) ?? '',
    }
    placed.push(known)
    if (isMark && OPENING.has(token.text)) open.push(token.text)
    if (token.kind !== 'comment' && token.kind !== 'block-comment') before = known
  }
  return placed
}

/** The angle brackets of types: those behind a name that follows `:`, `->`, `struct` or another such bracket. */
function genericMarks(code: readonly Token[]): ReadonlySet<Token> {
  const found = new Set<Token>()
  const text = (at: number): string => code[at]?.text ?? ''
  for (let at = 2; at < code.length; at++) {
    if (text(at) !== '<' || code[at - 1]!.kind !== 'word') continue
    if (![':', '->', 'struct'].includes(text(at - 2))) continue
    const marks: Token[] = []
    let depth = 0
    let end = at
    for (; end < code.length; end++) {
      const token = code[end]!
      if (token.text === '<') depth++
      if (token.text === '>') depth--
      if (token.text === '<' || token.text === '>') marks.push(token)
      else if (token.kind !== 'word' && token.text !== ',' && token.text !== '?') break
      if (depth === 0) break
    }
    if (depth === 0) for (const mark of marks) found.add(mark)
  }
  return found
}

/** Whether a space stands between two tokens of one line. */
export function spaced(left: Placed, right: Placed): boolean {
  if (right.kind === 'comment' || left.kind === 'block-comment' || right.kind === 'block-comment') return true
  const a = left.kind === 'mark' ? left.text : ''
  const b = right.kind === 'mark' ? right.text : ''
  if (left.unary || a === '...' || a === '.' || a === '$') return false
  if (b === '.') return a === '|>' || right.parts
  if (b === ',' || b === ';' || b === '?') return false
  if (a === '(' || a === '[' || b === ')' || b === ']') return false
  // A slice: `xs[1:3]`.
  if ((a === ':' && left.inside === '[') || (b === ':' && right.inside === '[')) return false
  if (b === ':') return false
  if (left.generic) return a === '>' ? !(right.generic && b === '>') && b !== '(' : false
  if (right.generic) return false
  if (a === '{' && b === '}') return false
  if (b === '(' || b === '[') return !attaches(left)
  return true
}

/** Whether a `(` or `[` behind the token calls or indexes it. */
const attaches = (token: Placed): boolean =>
  (token.kind === 'word' && !token.copies && (token.member || !BEFORE_EXPRESSION.has(token.text))) ||
  token.kind === 'string' ||
  (token.kind === 'mark' && (token.text === ')' || token.text === ']' || token.text === '?'))
