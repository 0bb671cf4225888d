import * as v from 'valibot'
import { putFiles, readWorkspace, workspaceOf } from '../../agents/forge/workspace.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { MAX_LISTED } from '../../agents/ports/workspace.ts'
import type { World } from '../../agents/world.ts'
import { packWorkspace } from '../../runtime/workspace-archive.ts'
import { COUNT, TEXT_OR_NULL } from '../answer-parts.ts'
import type { RouteAnswer, RouteHandler } from '../edge.ts'
import { inRange } from '../in-range.ts'
import { Refusal } from '../refusal.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'
import { contentsOf, FILES } from './files.ts'

export const WORKSPACE_QUERY = v.strictObject({
  path: v.optional(v.string()),
  /** Of a folder: names of one page. */
  limit: v.optional(WHOLE_NUMBER),
  /** Of a folder: `next` of the page before. */
  after: v.optional(v.string()),
  export: v.optional(v.picklist(['tar', 'bundle'])),
})
export const WORKSPACE_BODY = v.strictObject({ files: FILES })

const ENTRY = { agent: v.string(), path: v.string() }
export const WORKSPACE_ANSWER = v.union([
  v.strictObject({ ...ENTRY, entries: v.array(v.string()), next: TEXT_OR_NULL }),
  v.strictObject({
    ...ENTRY,
    size: COUNT,
    content: v.string(),
    encoding: v.picklist(['utf8', 'base64']),
  }),
])
export const WRITTEN_ANSWER = v.strictObject({ agent: v.string(), written: COUNT })

/** Media types of the exports. */
export const TAR_TYPE = 'application/gzip'
export const BUNDLE_TYPE = 'application/octet-stream'

/** A Lambda function answers with 6 MB at most, and bytes travel as base64. */
const MAX_EXPORT_BYTES = 4 * 1024 * 1024

/**
 * GET /api/v1/forge/:agent/workspace (design 9.13): what a folder holds, 1000 names or `?limit=` up to 10,000 behind
 * `?after=`, or a file; `?export=tar` the files below a folder, `?export=bundle` the git history.
 */
export const forgeWorkspace: RouteHandler = async ({ system, params, query }) => {
  const { path = '', export: format, limit, after = null } = validate(WORKSPACE_QUERY, query)
  const { world } = await system()
  const agent = params.agent ?? ''
  if (format === 'tar') return await tar(world, agent, path)
  if (format === 'bundle') return await bundle(world, agent)
  const entry = await readWorkspace(world, agent, {
    path,
    after,
    limit: inRange('limit', limit, { initial: 1000, most: MAX_LISTED }),
  })
  return {
    body:
      entry.kind === 'folder'
        ? { agent, path, entries: entry.names, next: entry.next }
        : { agent, path, size: entry.bytes.length, ...contentOf(entry.bytes) },
  }
}

/** POST /api/v1/forge/:agent/workspace: writes files, all or none, while no run is live. */
export const forgeWorkspacePut: RouteHandler = async ({ system, params, body }) => {
  const { files } = validate(WORKSPACE_BODY, body ?? {})
  const agent = params.agent ?? ''
  const written = await putFiles((await system()).world, agent, contentsOf(files, body))
  return { body: { agent, written } }
}

async function tar(world: World, agent: string, path: string): Promise<RouteAnswer> {
  const workspace = await workspaceOf(world, agent)
  if ((await workspace.stat(path))?.kind !== 'folder') throw new Fault('path_not_found', { agent, path })
  return attachment(`${agent}.tar.gz`, TAR_TYPE, await packWorkspace(workspace, path, MAX_EXPORT_BYTES))
}

async function bundle(world: World, agent: string): Promise<RouteAnswer> {
  const bytes = await world.checkpoints.bundle((await workspaceOf(world, agent)).root)
  if (bytes === null) {
    const message = `the workspace of ${agent} has no git history: its first commit comes with the first iteration that is kept`
    throw new Refusal(404, 'path_not_found', message, { details: { agent } })
  }
  if (bytes.length > MAX_EXPORT_BYTES) {
    throw new Fault('export_too_large', { format: 'bundle', limit: MAX_EXPORT_BYTES })
  }
  return attachment(`${agent}.bundle`, BUNDLE_TYPE, bytes)
}

const attachment = (name: string, type: string, body: Uint8Array): RouteAnswer => ({
  body,
  headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
})

/** Text where it is UTF-8, else base64. */
function contentOf(bytes: Uint8Array): { readonly content: string; readonly encoding: 'utf8' | 'base64' } {
  try {
    return {
      content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      encoding: 'utf8',
    }
  } catch {
    return { content: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
  }
}
