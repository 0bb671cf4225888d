import type { ToolParameters } from '../../agents/ports/model.ts'
import { identifiers, numbersIn, pathsIn, quoted, wordsOf } from './words.ts'

export interface Filled {
  readonly arguments: Readonly<Record<string, unknown>>
  /** How many values were recognised by their shape, not just taken as free text. */
  readonly recognised: number
}

type Schema = Readonly<Record<string, unknown>>
type Guess = { readonly value: unknown; readonly recognised: boolean }

/** By the last word of a parameter's name: how a value for it looks in a text. */
const SHAPES: readonly (readonly [name: RegExp, find: (text: string) => string | null])[] = [
  [/^(?:path|file|filename)$/, (text) => pathsIn(text)[0] ?? null],
  [/^(?:directory|folder|dir)$/, (text) => /(?<![\w/])((?:[\w.-]+\/)+)(?!\w)/.exec(text)?.[1] ?? '.'],
  [/^(?:email|mail)$/, (text) => /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(text)?.[0] ?? null],
  [/^(?:url|uri|link)$/, (text) => /https?:\/\/[^\s"'<>]+/.exec(text)?.[0] ?? null],
  [/^date$/, (text) => /\b\d{4}-\d{2}-\d{2}\b/.exec(text)?.[0] ?? null],
  [
    /^(?:city|location|place|country|town)$/,
    (text) =>
      /\b(?:in|at|for|to|near|of)\s+(\p{Lu}[\p{L}-]+(?:\s+\p{Lu}[\p{L}-]+)*)/u.exec(text)?.[1] ?? null,
  ],
  [
    /^(?:expression|formula|calculation)$/,
    (text) => /-?[\d(][\d\s.()]*(?:[-+*/%^][\d\s.()]+)+/.exec(text)?.[0].trim() ?? null,
  ],
  [/^(?:command|cmd|script|code_to_run)$/, (text) => quoted(text)],
  [
    /^(?:id|code|key|sku|ref|reference|number|no|order|ticket|invoice|account|customer|user)$/,
    (text) => identifiers(text)[0] ?? null,
  ],
]

/** Parameters that take what was said as it was said. */
const FREE_TEXT =
  /^(?:reason|query|question|message|text|topic|prompt|content|contents|body|description|search|term|term|input|task|note|summary|title|subject|q|comment|feedback|request|issue|problem|fact)$/

/** Fills a tool's parameters from a text; null when a required one finds nothing. */
export function fillArguments(parameters: ToolParameters, text: string): Filled | null {
  const filled: Record<string, unknown> = {}
  let recognised = 0
  for (const [name, schema] of Object.entries(parameters.properties)) {
    const guess = guessFor(name, schema, text)
    if (guess === null) {
      if (parameters.required.includes(name)) return null
      continue
    }
    filled[name] = guess.value
    if (guess.recognised) recognised++
  }
  return { arguments: filled, recognised }
}

function guessFor(name: string, schema: Schema, text: string): Guess | null {
  if (Array.isArray(schema.enum)) {
    const said = wordsOf(text)
    const isSaid = (option: unknown) => [...wordsOf(String(option))].every((word) => said.has(word))
    return recognisedOrNull(schema.enum.find(isSaid))
  }
  switch (schema.type) {
    case 'number':
      return recognisedOrNull(numbersIn(text)[0])
    case 'integer':
      return recognisedOrNull(numbersIn(text).find(Number.isInteger))
    case 'boolean':
      return { value: !/\b(?:no|not|off|disable|without|false)\b/i.test(text), recognised: false }
    case 'array':
    case 'object':
      return null
    default:
      return guessText(name, text)
  }
}

const recognisedOrNull = (value: unknown): Guess | null =>
  value === undefined || value === null ? null : { value, recognised: true }

function guessText(name: string, text: string): Guess | null {
  const last = name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .split('_')
    .at(-1)!
  const shape = SHAPES.find(([pattern]) => pattern.test(last))
  if (shape) return recognisedOrNull(shape[1](text))
  if (FREE_TEXT.test(last)) return { value: quoted(text) ?? text.trim(), recognised: false }
  return recognisedOrNull(quoted(text) ?? identifiers(text)[0])
}
