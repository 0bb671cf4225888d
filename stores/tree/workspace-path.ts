import { Fault } from '../../agents/ports/fault.ts'

/** Folders that belong to us or to git; the jail leads into neither, at any depth. */
const CLOSED = new Set(['.neam', '.git'])

/** Bytes of one name that every file system we run on accepts. */
const MAX_NAME_BYTES = 255
const MAX_PATH_BYTES = 4096

/** Our own half-written files; never shown, never kept, removed when a crash left one behind. */
const TEMPORARY = /^\.neam-[0-9a-f]+\.tmp$/

export const isTemporary = (name: string): boolean => TEMPORARY.test(name)

export const temporaryName = (random: string): string => `.neam-${random}.tmp`

export const refusedPath = (path: string, problem: string): Fault =>
  new Fault('path_refused', { path, problem })

/** True for `.neam` and `.git`, in any spelling that a file system without case would fold into them. */
export const isClosed = (name: string): boolean => CLOSED.has(name.toLowerCase())

/**
 * The components of a path relative to a workspace: `./src//a.txt` is `['src', 'a.txt']`, `.` and `` are the
 * workspace itself. Throws `path_refused` for whatever could mean a place outside of it.
 */
export function pathComponents(path: string): readonly string[] {
  const refuse = (problem: string) => refusedPath(path, problem)
  if (path.includes('\0')) throw refuse('it holds a NUL character')
  if (path.startsWith('/')) throw refuse('it is absolute; paths are relative to the workspace')
  if (path.includes('\\')) throw refuse('it holds a backslash; separate names with /')
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw refuse(`it is longer than ${MAX_PATH_BYTES} bytes`)
  const components = path.split('/').filter((name) => name !== '' && name !== '.')
  if (components[0] === '~')
    throw refuse('~ is not the home folder here; paths are relative to the workspace')
  for (const name of components) {
    if (name === '..') throw refuse('it leads out of the workspace (..)')
    if (isClosed(name)) throw refuse(`${name} is not open to programs`)
    if (isTemporary(name)) throw refuse(`${name} is a name that Neam uses itself`)
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw refuse(`a name is longer than ${MAX_NAME_BYTES} bytes`)
  }
  return components
}
