import type { Value } from '../../vm/values/value.ts'
import type { StoredMessage } from '../ports/sessions.ts'

/** Messages as the language shows them: a list of {role, content, ts}. */
export const messageValues = (messages: readonly StoredMessage[]): Value[] =>
  messages.map(
    ({ role, content, ts }) =>
      new Map<string, Value>([
        ['role', role],
        ['content', content],
        ['ts', ts],
      ]),
  )
