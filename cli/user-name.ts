import { userInfo } from 'node:os'

/** Who runs this process. In a container the user id may have no name. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid_${process.getuid?.() ?? 'unknown'}`
  }
}
