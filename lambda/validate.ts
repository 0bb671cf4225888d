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

/** One of some texts. */
export const choice = <const T extends readonly string[]>(...accepted: T) =>
  v.picklist(accepted, ({ received }) => `must be ${choices(accepted)}, got ${received}`)

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
  const stranger = issues.find(isUnknown)
  const unknown =
    stranger && `unknown field "${fieldOf(stranger)}"${stranger.path?.length === 1 ? accepted(schema) : ''}`
  if (isUnknown(issue)) throw badRequest(unknown ?? '', field)
  // Whoever misspelt a field has left another out, too.
  if (issue.received === 'undefined')
    throw badRequest(
      [`Missing '${field}' field`, ...(unknown === undefined ? [] : [unknown])].join('; '),
      field,
    )
  throw badRequest(`${field}: ${messageOf(issue)}`, field)
}

const fieldOf = (issue: v.BaseIssue<unknown>): string => v.getDotPath(issue) ?? 'body'

const isUnknown = ({ type, expected }: v.BaseIssue<unknown>): boolean =>
  type === 'strict_object' && expected === 'never'

const TYPES: ReadonlyMap<string | null, string> = new Map([
  ['string', 'a string'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['Object', 'an object'],
  ['Array', 'a list'],
])

/** A schema's own words, or what type is wanted in the place of which. */
function messageOf({ kind, expected, received, message }: v.BaseIssue<unknown>): string {
  const wanted = kind === 'schema' && message.startsWith('Invalid type') ? TYPES.get(expected) : undefined
  return wanted === undefined ? message : `must be ${wanted}, got ${received}`
}

/** The names that an object may have, as the end of a sentence. */
function accepted(schema: v.GenericSchema): string {
  const names = 'entries' in schema ? Object.keys(Object(schema.entries)) : []
  return `; accepted: ${names.length === 0 ? 'none' : names.join(', ')}`
}
