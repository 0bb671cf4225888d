import type { Value } from '../../vm/values/value.ts'
import type { StoredMessage } from '../ports/sessions.ts'
import { TAINT_SOURCE, type Taint } from '../turn/taint.ts'

/** Messages as the language shows them: a list of {role, content, ts}. Text of strangers in them taints who gets it. */
export function messageValues(messages: readonly StoredMessage[], taint: Taint): Value[] {
  if (messages.some(({ tainted }) => tainted)) taint.add(TAINT_SOURCE.otherSession)
  return messages.map(
    ({ role, content, ts }) =>
      new Map<string, Value>([
        ['role', role],
        ['content', content],
        ['ts', ts],
      ]),
  )
}
