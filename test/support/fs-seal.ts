import { hash } from './fs-tree.ts'

/** A version's text with a changed header, sealed as the store seals it. */
export function sealed(header: string, body: string): string {
  const open = header.replace(/,"sha256":"[0-9a-f]{64}"\}$/, '')
  return `${open},"sha256":"${hash.sha256(`${open}\n${body}`)}"}\n${body}`
}
