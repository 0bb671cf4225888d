import * as v from 'valibot'
import { choices } from '../bytecode/choices.ts'
import { badRequest } from './refusal.ts'

/** A text with more than spaces in it. */
export const TEXT = v.pipe(v.string(), v.regex(/\S/, 'must not be empty'))

/** A whole number in a query string; handlers read it with `Number`. */
export const WHOLE_NUMBER = v.pipe(
  v.string(),
  v.regex(
    /^\d{1,9}$/,
    ({ input }) => `must be a whole number of at most 9 digits, got ${JSON.stringify(input)}`,
  ),
)

/** Stands before a record or a loose object, which would take a list, too. */
export const NO_LIST = v.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ({ received }) => `must be an object, got ${received}`,
)

/** A body, or a query, in which nothing may stand. */
export const NO_FIELDS = v.strictObject({})

/**
 * The body, or the query, as the schema reads it. @throws Refusal 400 naming the field, the value it got and what is accepted.
 */
export function validate<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, body)
  if (success) return output
  const [issue] = issues
  const field = fieldOf(issue)
  const unknown = issues
    .filter(isUnknown)
    .slice(0, 1)
    .map((one) => unknownText(one, schema))
  // Whoever misspelt a field has left another out, too.
  const missing = issue.received === 'undefined' ? [`Missing '${field}' field`, ...unknown] : null
  const problems = isUnknown(issue) ? unknown : (missing ?? [`${field}: ${messageOf(issue)}`])
  throw badRequest(problems.join('; '), field)
}

const fieldOf = (issue: v.BaseIssue<unknown>): string => v.getDotPath(issue) ?? 'body'

const isUnknown = ({ type, expected }: v.BaseIssue<unknown>): boolean =>
  type === 'strict_object' && expected === 'never'

const unknownText = (issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string =>
  `unknown field "${fieldOf(issue)}"${issue.path?.length === 1 ? accepted(schema) : ''}`

/** What a value must be, by the type that a schema expects. */
const TYPES: ReadonlyMap<string | null, string> = new Map([
  ['string', 'a string'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['Object', 'an object'],
  ['Array', 'a list'],
])

/** The same, by the rule that it breaks. */
const RULES = new Map<string, (requirement: unknown) => string>([
  ['integer', () => 'a whole number'],
  ['finite', () => 'a finite number'],
  ['min_value', (least) => `at least ${least}`],
  ['gt_value', (below) => `above ${below}`],
  ['max_length', (most) => `at most ${most} long`],
  ['base64', () => 'base64'],
])

/** `("tar" | "bundle")` */
const ALTERNATIVES = /^\(("[^"]*"(?: \| "[^"]*")*)\)$/

/** In the words of all messages about values; a schema's own message stays. */
function messageOf({ type, expected, received, requirement, message }: v.BaseIssue<unknown>): string {
  const [, alternatives] = ALTERNATIVES.exec(expected ?? '') ?? []
  if (!message.startsWith('Invalid')) return message
  const wanted =
    alternatives === undefined
      ? (RULES.get(type)?.(requirement) ?? TYPES.get(expected))
      : choices(alternatives.split(' | ').map((one) => one.slice(1, -1)))
  return wanted === undefined ? message : `must be ${wanted}, got ${received}`
}

/** The names that an object, left out or not, may have, as the end of a sentence. */
function accepted(schema: v.GenericSchema): string {
  const { entries = {}, wrapped } = schema as {
    readonly entries?: object
    readonly wrapped?: v.GenericSchema
  }
  if (wrapped !== undefined) return accepted(wrapped)
  const names = Object.keys(entries)
  return `; accepted: ${names.length === 0 ? 'none' : names.join(', ')}`
}
