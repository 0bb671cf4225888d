import type { Expectation } from './generated/parser.js'

/** Words that may begin an expression, a statement, a declaration, as the grammar's literals spell them. */
const EXPRESSION = new Set(
  'true false nil spawn match fun fn [ { ( - ! not f""" f" f\' number string identifier'.split(' '),
)
const STATEMENT = new Set('let const emit return if else while for break continue try throw'.split(' '))
const DECLARATION = new Set(
  `pub agent claw forge skill guard guardchain channel budget policy mut struct sealed trait impl extend import`.split(
    ' ',
  ),
)
/** What may follow every expression, and so says nothing where something else was due. */
const CONTINUATION = new Set(['operator', '(', '[', '.', '?', 'with', '|>', '='])

const WORDING: Readonly<Record<string, string>> = {
  identifier: 'a name',
  word: 'a name',
  number: 'a number',
  string: 'a string',
  operator: 'an operator',
  text: 'text',
}

const MOST = 5

/** The grammar's expectations at one place in a reader's words: the constructs rather than all their first words. */
export function expectedWords(expectations: readonly Expectation[]): string[] {
  const words = new Set(expectations.map(wordOf).filter((word) => word !== ''))
  const without = (set: ReadonlySet<string>) => {
    for (const word of set) words.delete(word)
  }
  const found: string[] = []
  if (words.has('let') && words.has('emit')) {
    found.push(words.has('import') && !words.has('}') ? 'a declaration or a statement' : 'a statement')
    without(STATEMENT)
    without(EXPRESSION)
    without(DECLARATION)
  } else if (words.has('number') && words.has('nil') && words.has('identifier')) {
    found.push('an expression')
    without(EXPRESSION)
  }
  const behindExpression = words.has('operator')
  const telling = [...words].filter((word) => !(behindExpression && CONTINUATION.has(word)))
  if (telling.includes(';')) return ['`;`']
  if (telling.includes('}') && telling.includes('word')) {
    return [...found, 'a field', '`}`']
  }
  const rest = telling.length > 0 || found.length > 0 ? telling : [...words]
  const named = rest.map((word) => WORDING[word] ?? `\`${word}\``)
  return [...new Set([...found, ...named])].slice(0, MOST)
}

function wordOf(expectation: Expectation): string {
  switch (expectation.type) {
    case 'literal':
      return expectation.text
    case 'other':
      return expectation.description
    case 'end':
      return 'the end of the file'
    case 'class':
    case 'any':
      return ''
  }
}
