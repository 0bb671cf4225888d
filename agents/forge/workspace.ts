import { findAgent } from '../find-agent.ts'
import { Fault } from '../ports/fault.ts'
import type { FolderPage, Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import { closeAbandoned } from './abandon.ts'
import { alreadyRunning } from './already-running.ts'
import { checkIncoming, type FileContent, loopFiles, writeFiles } from './incoming.ts'

/** A file of a workspace, or what a folder of it holds. */
export type WorkspaceEntry =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: Uint8Array }
  /** Without `.git/`. */
  | ({ readonly kind: 'folder'; readonly path: string } & FolderPage)

/** Nothing of it can be asked for, so it is not shown. */
const CLOSED = '.git/'

/** A larger file is taken out by an export. */
const MAX_SHOWN_BYTES = 1024 * 1024

/** The workspace that a forge agent declares. Throws `agent_not_found`. */
export async function workspaceOf(world: World, agent: string): Promise<Workspace> {
  const decl = findAgent(world, 'forge', agent)
  return await world.workspaces.open(world.workspaces.resolve(decl.name, decl.workspace))
}

/**
 * What lies at `path`, of a folder one page; "" is the workspace itself. Throws `agent_not_found`, `path_not_found` or
 * `path_refused`.
 */
export async function readWorkspace(
  world: World,
  agent: string,
  { path, after, limit }: { readonly path: string; readonly after: string | null; readonly limit: number },
): Promise<WorkspaceEntry> {
  const workspace = await workspaceOf(world, agent)
  const kind = (await workspace.stat(path))?.kind
  const page = kind === 'folder' ? await openPage(workspace, path, { after, limit }) : null
  if (page !== null) return { kind: 'folder', path, ...page }
  const bytes = kind === 'file' ? await workspace.readBytes(path, MAX_SHOWN_BYTES) : null
  if (bytes === null) throw new Fault('path_not_found', { agent, path })
  return { kind: 'file', path, bytes }
}

/** A page without what is closed, of the same length. */
async function openPage(
  workspace: Workspace,
  path: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<FolderPage | null> {
  const page = await workspace.page(path, { after, limit })
  if (!page?.names.includes(CLOSED)) return page
  const longer = await workspace.page(path, { after, limit: limit + 1 })
  return longer && { ...longer, names: longer.names.filter((name) => name !== CLOSED) }
}

/**
 * Writes files into an agent's workspace, all of them or, when one is refused, none. Throws `already_running` while a
 * run is live, `agent_not_found`, `bad_request`, `plan_invalid`, `path_refused`,
 * `checkpoint_failed` or `storage_full`.
 */
export async function putFiles(
  world: World,
  agent: string,
  sent: Readonly<Record<string, FileContent>>,
): Promise<number> {
  const decl = findAgent(world, 'forge', agent)
  const head = await world.runs.head(decl.name)
  if (head && !(await world.runs.outcome(head)) && !(await closeAbandoned(world, head))) {
    throw await alreadyRunning(world, head)
  }
  const workspace = await workspaceOf(world, agent)
  const files = await checkIncoming(workspace, decl, { files: sent })
  // Files that come before the first run would keep it from making its repository, and nobody can run git on a server.
  await world.checkpoints.open(decl.checkpoint, workspace.root, decl.name).adopt(loopFiles(decl))
  await writeFiles(workspace, files)
  return files.size
}
