import { Fault } from '../ports/fault.ts'

const MAX_LENGTH = 1024

/** A session key as it may be stored (reliability 2.9). Throws `session_key_invalid`. */
export function checkedKey(key: string): string {
  const problem = problemOf(key)
  if (problem !== null) throw new Fault('session_key_invalid', { key: key.slice(0, 100), problem })
  return key
}

function problemOf(key: string): string | null {
  if (key === '') return 'it is empty'
  if (key.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`
  if (key.includes('\0')) return 'it holds a NUL character'
  return key.isWellFormed() ? null : 'it is not well-formed Unicode'
}
