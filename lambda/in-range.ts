import { badRequest } from './refusal.ts'

/** A whole number of the query string, `initial` when it is left out. @throws Refusal for one outside 1 .. most */
export function inRange(
  field: string,
  text: string | undefined,
  { initial, most }: { readonly initial: number; readonly most: number },
): number {
  const value = text === undefined ? initial : Number(text)
  if (value >= 1 && value <= most) return value
  throw badRequest(`${field} must be a whole number from 1 to ${most}, got ${text}`, field)
}
