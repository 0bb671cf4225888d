import type { ForgeDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import { parsePlan } from './plan.ts'
import type { Readable } from './project.ts'

/** A file that a caller sends: text, or bytes. */
export type FileContent = string | Uint8Array

/** What a caller may bring along to a start (design 9.13). */
export interface Incoming {
  /** Text of the plan file. */
  readonly plan?: string
  /** Text of the prompt file. */
  readonly prompt?: string
  /** Other files, by path in the workspace. */
  readonly files?: Readonly<Record<string, FileContent>>
}

const MAX_FILES = 1000
const MAX_BYTES = 20 * 1024 * 1024

/**
 * The files that `incoming` means, by path, over those that lie `beside` the program, after every check that needs no lease: nothing is written here. Throws
 * `bad_request`, `plan_invalid` or `path_refused`.
 */
export async function checkIncoming(
  workspace: Workspace,
  { name, loop }: ForgeDecl,
  incoming: Incoming,
  beside: ReadonlyMap<string, FileContent> = new Map(),
): Promise<ReadonlyMap<string, FileContent>> {
  const files = new Map<string, FileContent>()
  const add = (field: string, path: string, content: FileContent) => {
    const plain = plainPath(path)
    if (files.has(plain)) throw bad(field, `${JSON.stringify(path)} is sent twice`)
    files.set(path.startsWith('/') ? path : plain, content)
  }
  for (const [path, content] of Object.entries(incoming.files ?? {})) add('files', path, content)
  const addLoopFile = (field: 'plan' | 'prompt', path: string | null) => {
    const text = incoming[field]
    if (text === undefined) return
    if (path === null) {
      throw bad(
        field,
        `${name} declares no ${field}_file, so ${field} has no place; add it to the loop block`,
      )
    }
    add(field, path, text)
  }
  addLoopFile('plan', loop.planFile)
  addLoopFile('prompt', loop.promptFile)
  const plan = loop.planFile === null ? undefined : files.get(plainPath(loop.planFile))
  if (plan !== undefined) parsePlan(textOf(plan), loop.planFile!)
  const all = new Map([...beside, ...files])
  await checkFiles(workspace, all)
  return all
}

/**
 * What lies beside the program for this workspace and is to be copied, by path; nothing unless the workspace is empty.
 * Throws `path_refused` for a file that is too large.
 */
export async function filesBeside(
  { workspaces }: Pick<World, 'workspaces'>,
  declared: string,
  workspace: Workspace,
): Promise<ReadonlyMap<string, FileContent>> {
  const beside = await workspaces.beside(declared, workspace.root)
  const files = new Map<string, FileContent>()
  if (beside === null || !(await workspace.isEmpty([]))) return files
  for (const path of await beside.walk('')) {
    const bytes = await beside.readBytes(path, MAX_BYTES)
    if (bytes !== null) files.set(path, bytes)
  }
  return files
}

/** Whether all of `files` can be written. Throws `bad_request` or `path_refused`. */
async function checkFiles(workspace: Workspace, files: ReadonlyMap<string, FileContent>): Promise<void> {
  if (files.size > MAX_FILES) throw bad('files', `${files.size} files are sent; the limit is ${MAX_FILES}`)
  let bytes = 0
  for (const [path, content] of files) bytes += await workspace.checkWrite(path, content)
  if (bytes > MAX_BYTES) throw bad('files', `the files have ${bytes} bytes; the limit is ${MAX_BYTES}`)
  for (const path of files.keys()) {
    const below = [...files.keys()].find((other) => other.startsWith(`${path}/`))
    if (below !== undefined) throw bad('files', `${path} is a file, and ${below} needs it to be a folder`)
  }
}

/** Writes checked files. Throws `storage_full` and its like; files that were written stay. */
export async function writeFiles(
  workspace: Workspace,
  files: ReadonlyMap<string, FileContent>,
): Promise<void> {
  for (const [path, content] of files) await workspace.write(path, content)
}

/** The loop files as they will be when `files` are written. */
export const withFiles = (workspace: Readable, files: ReadonlyMap<string, FileContent>): Readable => ({
  read: async (path) => {
    const content = files.get(plainPath(path))
    return content === undefined ? await workspace.read(path) : textOf(content)
  },
  // No file that is sent is larger than what is read of any.
  readEnd: async (path, maxBytes) => {
    const content = files.get(plainPath(path))
    return content === undefined
      ? await workspace.readEnd(path, maxBytes)
      : { text: textOf(content), leftOut: 0 }
  },
})

const textOf = (content: FileContent): string =>
  typeof content === 'string' ? content : new TextDecoder().decode(content)

/** Files that a workspace may hold before its repository is made. */
export const loopFiles = ({ loop }: ForgeDecl): readonly string[] =>
  [loop.promptFile, loop.planFile, loop.progressFile, loop.learningsFile].filter((path) => path !== null)

/** One name a file: `./src//a.txt` is `src/a.txt`. */
const plainPath = (path: string): string =>
  path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')

const bad = (field: string, problem: string): Fault => new Fault('bad_request', { problem, field })
