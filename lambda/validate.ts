import * as v from 'valibot'
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
  ({ received }) => `Invalid type: Expected Object but received ${received}`,
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
  const field = v.getDotPath(issue) ?? 'body'
  // `key "x" is not expected` comes without the value; the others show it.
  throw badRequest(
    issue.type === 'strict_object' && issue.expected === 'never'
      ? `unknown field "${field}"${issue.path?.length === 1 ? accepted(schema) : ''}`
      : issue.received === 'undefined'
        ? `Missing '${field}' field`
        : `${field}: ${issue.message}`,
    field,
  )
}

/** The names that an object may have, as the end of a sentence. */
function accepted(schema: v.GenericSchema): string {
  const names = 'entries' in schema ? Object.keys(Object(schema.entries)) : []
  return `; accepted: ${names.length === 0 ? 'none' : names.join(', ')}`
}
