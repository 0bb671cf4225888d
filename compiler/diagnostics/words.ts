import { didYouMean } from './wording.ts'

/** The reserved words: never names. */
const RESERVED = new Set(
  'let const fun fn return if else while for in break continue emit match true false nil and or not try catch throw'.split(
    ' ',
  ),
)

const OPENERS = [
  ...'agent claw forge skill guard guardchain channel budget policy struct sealed trait impl import'.split(
    ' ',
  ),
  ...'let const fun return if while for emit match try throw'.split(' '),
]

/** Words of other languages, and what Neam says instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  var: '`let` declares a variable',
  function: '`fun` declares a function',
  def: '`fun` declares a function',
  print: '`emit` writes a line: `emit "text";`',
  elif: 'write `else if (...)`',
  elseif: 'write `else if (...)`',
  switch: '`match` tells cases apart',
  null: 'nothing is written `nil`',
  None: 'nothing is written `nil`',
  True: 'write `true`',
  False: 'write `false`',
}

/**
 * Help for a syntax error, or null. `token` stands where something else was expected, `first` begins the broken
 * declaration or statement; `nameDue`: a name was expected.
 */
export function mistakenWord(token: string, first: string, nameDue: boolean): string | null {
  if (nameDue && RESERVED.has(token)) return `\`${token}\` is a reserved word and cannot be a name`
  const foreign = FOREIGN[token] ?? FOREIGN[first]
  if (foreign !== undefined) return foreign
  return first === '' || RESERVED.has(first) ? null : didYouMean(first, OPENERS)
}
