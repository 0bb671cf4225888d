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
  self: '`self` is the first parameter of a method: `fn name(self) { ... }`',
  this: 'a method names its object in its first parameter: `fn name(self) { ... }`',
  console: '`emit` writes a line: `emit "text";`',
  undefined: 'nothing is written `nil`',
}

/** What Neam has for a word of another language, or null. */
export function neamFor(word: string): string | null {
  return Object.hasOwn(FOREIGN, word) ? (FOREIGN[word] ?? null) : null
}

/** What stands where a reading stopped. */
interface Stop {
  /** Stands where something else was expected. */
  readonly token: string
  /** Begins the broken declaration or statement. */
  readonly first: string
  /** Nothing stands between the two. */
  readonly isSecond: boolean
  /** A name was expected. */
  readonly nameDue: boolean
}

/** Help for a syntax error, or null. */
export function mistakenWord({ token, first, isSecond, nameDue }: Stop): string | null {
  if (nameDue && RESERVED.has(token)) return `\`${token}\` is a reserved word and cannot be a name`
  const foreign = neamFor(token) ?? neamFor(first)
  if (foreign !== null) return foreign
  if (isSecond && (first === 'claw' || first === 'forge'))
    return `\`${first} agent NAME { ... }\` declares one`
  return first === '' || RESERVED.has(first) ? null : didYouMean(first, OPENERS)
}
