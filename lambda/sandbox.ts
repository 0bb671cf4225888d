/** The sandbox function: commands of programs, apart from keys, sessions and runs (design 6.3). */
import type { Context } from 'aws-lambda'
import * as v from 'valibot'
import { processEnvironment } from '../runtime/environment.ts'
import { createSandbox, type SandboxAnswer } from '../runtime/sandbox.ts'
import { plainly } from './plainly.ts'
import { validate } from './validate.ts'

const MAX_FOLDERS = 1000

const REQUEST = v.strictObject({
  workspace: v.string(),
  command: v.string(),
  timeout_ms: v.pipe(v.number(), v.integer(), v.minValue(1)),
  barriers: v.pipe(v.array(v.string()), v.maxLength(MAX_FOLDERS)),
})

const sandbox = createSandbox(processEnvironment())

/** Only the step and the API may invoke it. Throws a Refusal for an event of another shape, and `path_refused`. */
export const handler = plainly(
  async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<SandboxAnswer> => {
    const request = validate(REQUEST, event)
    return await sandbox({ request, remainingMs: context.getRemainingTimeInMillis() })
  },
)
