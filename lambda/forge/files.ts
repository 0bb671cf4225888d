import * as v from 'valibot'
import type { FileContent } from '../../agents/forge/incoming.ts'
import { badRequest } from '../refusal.ts'
import { NO_LIST } from '../validate.ts'

/** Files that a caller sends, by path in the workspace: a text, or bytes. */
export const FILES = v.pipe(
  NO_LIST,
  v.record(v.string(), v.union([v.string(), v.strictObject({ base64: v.pipe(v.string(), v.base64()) })])),
)

/**
 * Validated files as they are written. `body` is what came in: the schema leaves out names like `constructor`, which
 * would be lost in silence. @throws Refusal 400
 */
export function contentsOf(
  files: v.InferOutput<typeof FILES>,
  body: unknown,
): Readonly<Record<string, FileContent>> {
  const lost = Object.keys(Object(Object(body).files)).find((path) => !Object.hasOwn(files, path))
  if (lost !== undefined) throw badRequest(`files: ${lost} cannot be sent as the name of a file`, 'files')
  return Object.fromEntries(
    Object.entries(files).map(([path, file]) => [
      path,
      typeof file === 'string' ? file : Buffer.from(file.base64, 'base64'),
    ]),
  )
}
